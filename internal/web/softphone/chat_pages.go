package softphone

import "candour/internal/web"

// Chats is the page "chats": one's conversations, the latest first.
type Chats struct {
	web.Base
	Threads []ThreadView
	Form    web.Form // writes to somebody new
	Kept    string
	Line    bool // the account has a line
	Live    string
	Style   string
	Script  string
}

// ThreadView is a conversation in the list.
type ThreadView struct {
	Who, Last, When, Stamp, Href string
	New                          int
}

// Chat is the page "chat": one conversation.
type Chat struct {
	web.Base
	Who      string
	Messages []MessageView
	Older    string // the page before; empty on the first
	Newest   string // the last page; empty on it
	Closed   bool   // the other side cannot be reached any more
	Words    web.Form
	Reason   string
	Storage  *Permit // it is asked first whether files may be read
	File     web.Form
	Camera   *Permit // likewise of the camera
	Photo    web.Form
	Limits   string
	Sharing  *Sharing // nil where nobody may share where they are
	Said     string   // what became of the last press, in words; empty if it went well
	Kept     string
	Self     string // address of this page
	Live     string // where the page is told that something changed
	Style    string
	Script   string
}

// MessageView is a message as one of its sides sees it.
type MessageView struct {
	Mine        bool
	Who         string // who wrote it, read out
	Text        string
	When, Stamp string
	Read        bool   // by the other side
	Photo, File string // address of what came with it
	Name        string
	Place       *PlaceView
	Forget      string
}

// PlaceView is where somebody was.
type PlaceView struct {
	Shown         bool // it still is
	Where, Within string
	Map           string // address of a map elsewhere
	Till          string
	Back          string // where its author takes it back; empty for the other side
}

// Sharing is the button that shares where one is.
type Sharing struct {
	Form    web.Form
	Field   string  // its one field, which the script fills in
	Ask     *Permit // it is asked first; nil once it was granted
	Granted bool
	Revoke  string
}
