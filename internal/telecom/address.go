package telecom

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"candour/internal/evidence"
	"candour/internal/store"
	"candour/internal/vault"
)

// Errors of an address.
var (
	// ErrAddress says that an address lacks what an ambulance needs.
	ErrAddress = errors.New("telecom: the address lacks the house, the street, or the town")
	// ErrPostcode says that a postcode is none of the United Kingdom.
	ErrPostcode = errors.New("telecom: that is no postcode of the United Kingdom")
)

// Address is where a line is installed, as a civic address (RFC 5139): what the
// emergency services are told, never where bills go (Ofcom General Condition
// A3). It is personal data and prints as a fixed word.
type Address struct {
	Country  string // country: ISO 3166-1 alpha-2
	Town     string // A3
	Street   string // RD
	House    string // HNO, or LMK or BLD where the house has a name
	Unit     string // UNIT, FLR or ROOM; optional
	Postcode string // PC

	Warned time.Time // when its person said that they read when an emergency call may fail; zero: they have not
}

// Format writes a fixed word, whatever the verb.
func (Address) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(address of a line)") }

// LogValue keeps the address out of structured logs.
func (Address) LogValue() slog.Value { return slog.StringValue("(address of a line)") }

// Lines are the address as it is written on an envelope.
func (a Address) Lines() (lines []string) {
	street := strings.TrimSpace(a.House + " " + a.Street)
	for _, s := range []string{a.Unit, street, a.Town, a.Postcode} {
		if s != "" {
			lines = append(lines, s)
		}
	}
	return lines
}

// Names in the record of an address. They are kept.
const unitName, houseName, streetName, townName, postcodeName, countryName = "Unit", "House", "Street", "Town", "Postcode", "Country"

func (a Address) text() []byte {
	return writeEntries(entry{unitName, a.Unit}, entry{houseName, a.House}, entry{streetName, a.Street}, entry{townName, a.Town},
		entry{postcodeName, a.Postcode}, entry{countryName, a.Country})
}

func parseAddress(text []byte) Address {
	found := readEntries(text)
	return Address{
		Country: found[countryName], Town: found[townName], Street: found[streetName], House: found[houseName], Unit: found[unitName], Postcode: found[postcodeName],
	}
}

// postcodes are the forms that postcodes of the United Kingdom have (BS 7666-2;
// GIR 0AA is history).
var postcodes = regexp.MustCompile(`^([A-Z]{1,2}[0-9][0-9A-Z]?)([0-9][ABD-HJLNP-UW-Z]{2})$`)

// postcode brings one into its one spelling.
func postcode(s string) (string, error) {
	s = strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(strings.TrimSpace(s)))
	m := postcodes.FindStringSubmatch(s)
	if m == nil {
		return "", ErrPostcode
	}
	return m[1] + " " + m[2], nil
}

// clean brings an address into its one spelling.
func (a Address) clean() (Address, error) {
	for _, s := range []*string{&a.House, &a.Street, &a.Town, &a.Unit} {
		*s = oneLine(*s)
	}
	a.Country = home
	if a.House == "" || a.Street == "" || a.Town == "" {
		return a, ErrAddress
	}
	var err error
	a.Postcode, err = postcode(a.Postcode)
	return a, err
}

// SetAddress notes where a line is. ErrAddress and ErrPostcode if it cannot be
// there; ErrNoLine if the line is gone; the refusal Undeclared if the policy
// declares no such address.
func (d *Desk) SetAddress(ctx context.Context, tx *store.Tx, a vault.Access, l Line, where Address) error {
	roles, err := AddressRolesOf(d.c.InForce())
	if err != nil {
		return err
	}
	if where, err = where.clean(); err != nil {
		return err
	}
	row, err := d.needRow(ctx, tx, l)
	if err != nil {
		return wrap(err)
	}
	record, err := d.rewrite(ctx, tx, a, l, roles.Category, row.address, where.text())
	if err != nil {
		return wrap(err)
	}
	if _, err := tx.Exec(ctx, "UPDATE line_settings SET address = $1 WHERE line = $2", int64(record), l.ID); err != nil {
		return wrap(err)
	}
	return wrap(d.prove(ctx, tx, a, evidence.LineSet, l, "address"))
}

// Warned notes that a line's person read when an emergency call may fail: away
// from the address, and without power or network (Ofcom General Condition A3).
func (d *Desk) Warned(ctx context.Context, tx *store.Tx, a vault.Access, l Line) error {
	if _, err := AddressRolesOf(d.c.InForce()); err != nil {
		return err
	}
	row, err := d.needRow(ctx, tx, l)
	if err != nil || !row.warned.IsZero() {
		return wrap(err)
	}
	if _, err := tx.Exec(ctx, "UPDATE line_settings SET warned_ms = $1 WHERE line = $2", d.c.Now().UnixMilli(), l.ID); err != nil {
		return wrap(err)
	}
	return wrap(d.prove(ctx, tx, a, evidence.LineSet, l, "warned"))
}

// AddressOf returns where a line is, for its own person; known is false if
// nobody has said. The refusal Undeclared if the policy declares no such
// address.
func (d *Desk) AddressOf(ctx context.Context, tx *store.Tx, l Line) (where Address, known bool, err error) {
	return d.emergencyAddress(ctx, tx, l)
}

// emergencyAddress is the address that goes with an emergency call of a line;
// known is false if nobody has said where it is. A restriction does not hold it
// back (PECR reg 16).
func (d *Desk) emergencyAddress(ctx context.Context, tx *store.Tx, l Line) (where Address, known bool, err error) {
	roles, err := AddressRolesOf(d.c.InForce())
	if err != nil {
		return Address{}, false, err
	}
	row, err := d.setRow(ctx, tx, l.ID)
	if err != nil {
		return Address{}, false, wrap(err)
	}
	if row.address == 0 {
		return Address{Warned: row.warned}, false, nil
	}
	rec, err := d.c.Vault.Read(ctx, tx, roles.own(), row.address)
	if errors.Is(err, vault.ErrNotFound) {
		return Address{Warned: row.warned}, false, nil
	}
	if err != nil {
		return Address{}, false, wrap(err)
	}
	where = parseAddress(rec.Value())
	where.Warned = row.warned
	return where, true, nil
}
