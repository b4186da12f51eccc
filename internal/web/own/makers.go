package own

// Maker is how the phones of a maker name the fields of an account.
type Maker struct{ Name, User, Password, Server, Proxy string }

// makers are those whose phones are found on most desks. None of theirs was tried
// (docs/desk-phones.md).
var makers = []Maker{
	{"Yealink", "Register Name, and User Name", "Password", "SIP Server 1: Server Host", "Enable Outbound Proxy Server, then Outbound Proxy Server 1"},
	{"Snom", "Account", "Password", "Registrar", "Outbound Proxy"},
	{"Grandstream", "SIP User ID, and Authenticate ID", "Authenticate Password", "SIP Server", "Outbound Proxy"},
	{"Linphone", "Username", "Password", "Domain", "Outbound proxy, in the account’s settings"},
}
