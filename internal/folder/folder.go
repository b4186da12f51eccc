// Package folder owns a data folder: the lock that lets one process have it,
// and the private socket through which commands reach that process.
package folder

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Folder is the path of a data folder. Its methods name what lies in it.
type Folder string

// Database is the SQLite database.
func (f Folder) Database() string { return filepath.Join(string(f), "candour.db") }

// Keys is the folder of the keys, which are never in the database.
func (f Folder) Keys() string { return filepath.Join(string(f), "keys") }

// Log is the folder of the evidence log.
func (f Folder) Log() string { return filepath.Join(string(f), "log") }

// Socket is the private socket of the running server.
func (f Folder) Socket() string { return filepath.Join(string(f), "candour.sock") }

// Audit is the folder of the last audit's report.
func (f Folder) Audit() string { return filepath.Join(string(f), "audit") }

// Certificates is the folder of certificates the program obtained or made.
func (f Folder) Certificates() string { return filepath.Join(string(f), "tls") }

// ErrInUse says that another process has the data folder.
var ErrInUse = errors.New("the data folder is in use by another candour process; stop it first, or give another folder with --data")

// Lock is the ownership of a data folder, held until Unlock or the end of the
// process, however it ends.
type Lock struct{ file *os.File }

// Lock makes the folder if need be, checks that it can be written, and takes
// it. It returns ErrInUse at once if another process has it.
func (f Folder) Lock() (*Lock, error) {
	if f == "" {
		return nil, errors.New("no data folder given; give one with --data DIR")
	}
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the data folder: %w; give a folder that this user may write with --data", err)
	}
	file, err := os.OpenFile(filepath.Join(string(f), "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot write in the data folder: %w; change its owner to the user that runs candour, or give another with --data", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close() // nothing was written
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrInUse
		}
		return nil, fmt.Errorf("cannot lock the data folder: %w; it must be on a file system with locks, not on a share without them", err)
	}
	return &Lock{file}, nil
}

// Unlock gives the folder back.
func (l *Lock) Unlock() error { return l.file.Close() }
