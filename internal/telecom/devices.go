package telecom

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
)

// usernameMark is what a phone is found by.
func (d *Desk) usernameMark(username string) []byte {
	return d.c.Ring.Tag("telephone device", username)
}

const selectDevice = "SELECT id, account, name, secret, added_ms FROM devices "

func scanDevice(row interface{ Scan(...any) error }) (v Device, err error) {
	var added int64
	err = row.Scan(&v.ID, &v.Line.Account, (*int64)(&v.name), (*int64)(&v.secret), &added)
	v.Added = store.Time(added)
	return v, err
}

// OnRevoke has fn told of each phone that may sign in no more, after the commit
// that says so. It belongs to the wiring, before anybody has a phone.
func (d *Desk) OnRevoke(fn func(device int64)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.revoked = append(d.revoked, fn)
}

// tellRevoked tells of phones that are gone once the transaction is committed.
func (d *Desk) tellRevoked(tx *store.Tx, devices []int64) {
	d.forgets(tx) // before anybody is told
	tx.AfterCommit(func() {
		d.mu.Lock()
		told := slices.Clone(d.revoked)
		d.mu.Unlock()
		for _, id := range devices {
			for _, fn := range told {
				fn(id)
			}
		}
	})
}

// GiveDevice registers a phone on the line of an account, and returns what it is
// set up with: the password is told here and never again. Its person is told by
// e-mail. ErrNoLine if the
// account has none, ErrTooMany if its line has MaxDevices already,
// ErrDeviceName if no phone can be called so; the refusal Undeclared if the
// policy declares no phones.
func (d *Desk) GiveDevice(ctx context.Context, tx *store.Tx, a vault.Access, account int64, name string) (Device, Credentials, error) {
	roles, err := DeviceRolesOf(d.c.InForce())
	if err != nil {
		return Device{}, Credentials{}, err
	}
	if name, err = deviceName(name); err != nil {
		return Device{}, Credentials{}, err
	}
	v, x, err := d.newDevice(ctx, tx, account, name)
	if err != nil {
		return Device{}, Credentials{}, wrap(err)
	}
	c := newCredentials(d.c.InForce().Policy().Operator.Domain)
	v.Username = c.Username
	if err := d.keepDevice(ctx, tx, a, roles, &v, c); err != nil {
		return Device{}, Credentials{}, wrap(err)
	}
	if err := d.proveDevice(ctx, tx, a, evidence.DeviceAdded, v.Line.Subject, v.ID); err != nil {
		return Device{}, Credentials{}, wrap(err)
	}
	return v, c, wrap(d.c.Accounts.PhoneAdded(ctx, tx, x))
}

// newDevice is a phone on the line of an open account that may have one more.
// Those who ask for the same line follow one another.
func (d *Desk) newDevice(ctx context.Context, tx *store.Tx, account int64, name string) (v Device, x identity.Account, err error) {
	if _, err := tx.Exec(ctx, "UPDATE lines SET opened_ms = opened_ms WHERE account = $1", account); err != nil {
		return v, x, err
	}
	l, err := d.line(ctx, tx, account)
	if err != nil {
		return v, x, err
	}
	lines, err := RolesOf(d.c.InForce())
	if err != nil {
		return v, x, err
	}
	if x, err = d.fill(ctx, tx, lines.own(systemActor), &l); err != nil {
		return v, x, err
	}
	n := 0
	if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM devices WHERE account = $1", account).Scan(&n); err != nil {
		return v, x, err
	}
	if n >= MaxDevices {
		return v, x, ErrTooMany
	}
	return Device{ID: d.c.Store.NewID(), Line: l, Name: name, Added: store.Time(d.c.Now().UnixMilli())}, x, nil
}

// keepDevice writes the records of a phone, and its row.
func (d *Desk) keepDevice(ctx context.Context, tx *store.Tx, a vault.Access, roles DeviceRoles, v *Device, c Credentials) error {
	secret, err := c.kept()
	if err != nil {
		return err
	}
	owned := func(category string, value []byte) vault.Item {
		return vault.Item{Category: category, Parts: []vault.Part{{Owner: v.Line.Subject, Value: value}}}
	}
	ids, err := d.c.Vault.Put(ctx, tx, a, owned(roles.Name, []byte(v.Name)), owned(roles.Secret, secret))
	if err != nil {
		return err
	}
	v.name, v.secret = ids[0], ids[1]
	_, err = tx.Exec(ctx, "INSERT INTO devices (id, line, account, subject, mark, name, secret, added_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		v.ID, v.Line.ID, v.Line.Account, int64(v.Line.Subject), d.usernameMark(c.Username), int64(v.name), int64(v.secret), v.Added.UnixMilli())
	return err
}

func (d *Desk) proveDevice(ctx context.Context, tx *store.Tx, a vault.Access, kind evidence.Kind, s keys.SubjectID, device int64) error {
	_, err := d.c.Log.Append(ctx, tx, evidence.Body{
		Kind: kind, At: d.c.Now(), Actor: a.Actor, Surface: a.Surface, Purpose: a.Purpose, Policy: d.c.InForce().Policy().Version, Subject: s, Ref: device,
	})
	return err
}

// Devices returns the phones of an account, the oldest first, for its own
// person, with the account's line. ErrNoLine if it has none; the refusal
// Undeclared if the policy declares no phones.
func (d *Desk) Devices(ctx context.Context, tx *store.Tx, account int64) ([]Device, error) {
	roles, err := DeviceRolesOf(d.c.InForce())
	if err != nil {
		return nil, err
	}
	lines, err := RolesOf(d.c.InForce())
	if err != nil {
		return nil, err
	}
	l, err := d.line(ctx, tx, account)
	if err == nil {
		_, err = d.fill(ctx, tx, lines.own(systemActor), &l)
	}
	if err != nil {
		return nil, wrap(err)
	}
	found, err := d.rowsOfDevices(ctx, tx, account)
	if err != nil {
		return nil, wrap(err)
	}
	list := found[:0]
	for _, v := range found {
		v.Line = l
		if _, err := d.openDevice(ctx, tx, roles, &v); err == nil {
			list = append(list, v)
		} else if !errors.Is(err, ErrNoDevice) {
			return nil, wrap(err)
		}
	}
	return list, nil
}

func (d *Desk) rowsOfDevices(ctx context.Context, tx *store.Tx, account int64) (list []Device, err error) {
	rows, err := tx.Query(ctx, selectDevice+"WHERE account = $1 ORDER BY id", account)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		v, err := scanDevice(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// CountDevices returns how many phones each account has that has any.
func (d *Desk) CountDevices(ctx context.Context, tx *store.Tx) (map[int64]int, error) {
	rows, err := tx.Query(ctx, "SELECT account, COUNT(*) FROM devices GROUP BY account")
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	counts := map[int64]int{}
	for rows.Next() {
		var account int64
		var n int
		if err := rows.Scan(&account, &n); err != nil {
			return nil, wrap(err)
		}
		counts[account] = n
	}
	return counts, wrap(rows.Err())
}

// openDevice adds what the records of a phone say. ErrNoDevice if what it signs
// in with is gone; a name that is gone is empty.
func (d *Desk) openDevice(ctx context.Context, tx *store.Tx, roles DeviceRoles, v *Device) (HA1, error) {
	secret, err := d.c.Vault.Read(ctx, tx, roles.own(), v.secret)
	if errors.Is(err, vault.ErrNotFound) {
		return HA1{}, ErrNoDevice
	}
	if err != nil {
		return HA1{}, err
	}
	var k kept
	if err := json.Unmarshal(secret.Value(), &k); err != nil {
		return HA1{}, errors.New("telecom: what a phone signs in with cannot be read")
	}
	name, err := d.c.Vault.Read(ctx, tx, roles.own(), v.name)
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		return HA1{}, err
	}
	v.Username, v.Name = k.Username, string(name.Value())
	return HA1{k.SHA256, k.MD5}, nil
}

// DeviceBy returns the phone that signs in as a user name, with the line it is
// on and the hashes to check it by. ErrNoDevice if there is none, it was
// removed, its account is closed, or the policy declares no phones. A phone that
// was looked up is remembered, by rules told at memory.
func (d *Desk) DeviceBy(ctx context.Context, username string) (Device, HA1, error) {
	if v, h, ok := d.Remembered(username); ok {
		return v, h, nil
	}
	return d.lookUp(ctx, username)
}

// Remembered is DeviceBy as far as it needs no look at the store. It never
// waits.
func (d *Desk) Remembered(username string) (v Device, h HA1, ok bool) {
	if r := d.memory.get(username, d.c.Now(), d.c.InForce()); r != nil {
		return r.device, r.hashes, true
	}
	return v, h, false
}

// lookUp is DeviceBy as the store has it.
func (d *Desk) lookUp(ctx context.Context, username string) (Device, HA1, error) {
	in := d.c.InForce()
	roles, err := DeviceRolesOf(d.c.InForce())
	lines, err2 := RolesOf(d.c.InForce())
	if err != nil || err2 != nil || username == "" || len(username) > maxUsername {
		return Device{}, HA1{}, ErrNoDevice
	}
	var v Device
	var h HA1
	var x identity.Account
	var begun uint64
	err = d.c.Store.View(ctx, func(tx *store.Tx) (err error) {
		begun = tx.Begun()
		v, err = scanDevice(tx.QueryRow(ctx, selectDevice+"WHERE mark = $1", d.usernameMark(username)))
		if err != nil {
			return err
		}
		if v.Line, err = d.line(ctx, tx, v.Line.Account); err != nil {
			return err
		}
		if x, err = d.fill(ctx, tx, lines.own(systemActor), &v.Line); err != nil {
			return err
		}
		h, err = d.openDevice(ctx, tx, roles, &v)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, ErrNoLine) {
		err = ErrNoDevice
	}
	if err != nil {
		return Device{}, HA1{}, wrap(err)
	}
	if v.Line.Name, err = d.c.Accounts.Name(ctx, x); err != nil {
		return Device{}, HA1{}, wrap(err)
	}
	d.memory.add(username, &remembered{v, h, d.c.Now().Add(rememberTime), in}, begun)
	return v, h, nil
}

// RevokeDevice removes a phone of an account: it signs in no more from now on,
// and what is held of it goes. ErrNoDevice if the account has no such phone.
func (d *Desk) RevokeDevice(ctx context.Context, tx *store.Tx, a vault.Access, account, device int64) error {
	var s keys.SubjectID
	v, err := scanDevice(tx.QueryRow(ctx, selectDevice+"WHERE id = $1 AND account = $2", device, account))
	if err == nil {
		err = tx.QueryRow(ctx, "DELETE FROM devices WHERE id = $1 RETURNING subject", device).Scan((*int64)(&s))
	}
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoDevice // removed a moment ago
	}
	if err != nil {
		return wrap(err)
	}
	d.tellRevoked(tx, []int64{device})
	if err := d.dropDevice(ctx, tx, a, s, v); err != nil {
		return wrap(err)
	}
	return wrap(d.proveDevice(ctx, tx, a, evidence.DeviceRemoved, s, device))
}

// dropDevice removes the records of a phone.
func (d *Desk) dropDevice(ctx context.Context, tx *store.Tx, a vault.Access, s keys.SubjectID, v Device) error {
	for _, record := range []vault.RecordID{v.name, v.secret} {
		if err := d.c.Vault.RemovePart(ctx, tx, a, s, record); err != nil && !errors.Is(err, vault.ErrNotFound) {
			return err
		}
	}
	return nil
}

// revokeAll removes the phones of an account whose line ends.
func (d *Desk) revokeAll(ctx context.Context, tx *store.Tx, a vault.Access, account int64) error {
	list, err := d.rowsOfDevices(ctx, tx, account)
	if err != nil {
		return err
	}
	for _, v := range list {
		if err := d.RevokeDevice(ctx, tx, a, account, v.ID); err != nil && !errors.Is(err, ErrNoDevice) {
			return err
		}
	}
	return nil
}

// forgetDevices drops the rows of the phones of a subject or, by another
// column, of a line. Their records go as their person's do.
func (d *Desk) forgetDevices(ctx context.Context, tx *store.Tx, column string, id int64) error {
	gone, err := tx.IDs(ctx, "DELETE FROM devices WHERE "+column+" = $1 RETURNING id", id)
	if err != nil {
		return err
	}
	d.tellRevoked(tx, gone)
	return nil
}
