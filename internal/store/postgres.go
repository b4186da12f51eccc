package store

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

func (s *Store) openPostgres(address string) error {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		// The address holds a password, and the driver's message may quote it.
		return errors.New("store: the PostgreSQL address cannot be read; write postgres://user:password@host:port/database")
	}
	s.db = stdlib.OpenDB(*config)
	s.db.SetMaxOpenConns(maxConns)
	s.db.SetMaxIdleConns(maxConns)
	if err := s.db.Ping(); err != nil {
		return errors.Join(fmt.Errorf("store: PostgreSQL at %s does not answer; check that it runs and that user, password and database of the address are right", config.Host), s.db.Close())
	}
	return nil
}
