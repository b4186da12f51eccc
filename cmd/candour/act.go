package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"candour/internal/folder"
)

// acts are what commands may ask of whoever has the data folder.
func (a *app) acts() map[string]folder.Act {
	return map[string]folder.Act{
		"account-create":    typed(a.createAccount),
		"account-recover":   typed(a.recoverAccount),
		"account-sign-out":  typed(a.signOut),
		"audit-begin":       typed(a.beginAudit),
		"audit-end":         typed(a.endAudit),
		"backup":            typed(a.backup),
		"check":             typed(a.check),
		"erase":             typed(a.erase),
		"export":            typed(a.export),
		"keys-rotate":       typed(a.rotate),
		"line-give":         typed(a.giveLine),
		"line-number":       typed(a.numberLine),
		"line-list":         typed(a.listLines),
		"line-take":         typed(a.takeLine),
		"policy-publish":    typed(a.publish),
		"sip-registrations": typed(a.listRegistrations),
		"sip-trunks":        typed(a.listTrunks),
		"sip-trace":         typed(a.beginTrace),
		"sip-trace-end":     typed(a.endTrace),
		"sip-traced":        typed(a.nextTraced),
	}
}

// typed decodes an act's arguments before it runs.
func typed[A any](fn func(context.Context, A) (any, error)) folder.Act {
	return func(ctx context.Context, raw json.RawMessage) (any, error) {
		var args A
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, fmt.Errorf("the command's arguments cannot be read: %w", err)
		}
		return fn(ctx, args)
	}
}

// perform carries out an act on a data folder: in the server that has it, or
// here if nobody does. The folder must be there already, so that a misspelt
// path does not make a new, empty one.
func perform(ctx context.Context, f folder.Folder, name string, args, answer any) error {
	if info, err := os.Stat(f.Keys()); err != nil || !info.IsDir() {
		return fmt.Errorf("%s is not a data folder of candour; give the one that `candour run` uses with --data", string(f))
	}
	a, err := openApp(ctx, appConfig{folder: f, log: slog.New(slog.DiscardHandler)})
	if errors.Is(err, folder.ErrInUse) {
		return f.Call(ctx, name, args, answer)
	}
	if err != nil {
		return err
	}
	return errors.Join(a.perform(ctx, name, args, answer), a.Close(context.WithoutCancel(ctx)))
}

func (a *app) perform(ctx context.Context, name string, args, answer any) error {
	raw, err := json.Marshal(args)
	if err != nil {
		return err
	}
	v, err := a.acts()[name](ctx, raw)
	if err != nil || answer == nil {
		return err
	}
	if raw, err = json.Marshal(v); err != nil {
		return err
	}
	return json.Unmarshal(raw, answer)
}
