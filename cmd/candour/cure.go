package main

import (
	"errors"
	"fmt"
	"syscall"

	"modernc.org/sqlite"
)

// The primary result codes of SQLite that an operator's engineer can do
// something about (https://sqlite.org/rescode.html).
var sqliteCures = map[int]string{
	8:  "the database may not be written: change the owner of the data folder to the user that runs candour",
	10: "the disk does not take or give what is asked: free space on it and see that it is sound",
	11: "the database is damaged: restore the newest backup into a new folder",
	13: "free space on the disk of the data folder and start again: nothing is half-written",
	26: "candour.db is no database of this program: restore the newest backup into a new folder",
}

// cured adds to an error of opening a folder what to do about it, where the
// cause is the machine's and the words are not ours.
func cured(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) {
		if cure, ok := sqliteCures[e.Code()&0xff]; ok {
			return fmt.Errorf("%w; %s", err, cure)
		}
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("%w; free space on the disk of the data folder and start again", err)
	}
	return err
}
