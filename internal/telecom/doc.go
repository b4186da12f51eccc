// Package telecom is the service that the operator sells: lines, the numbers
// they are reached by, the routing of what is dialled, and the record of each
// call. A call is decided on here before anything rings.
//
// Which call for what:
//
//	Give, Take              a line for an account, and its end
//	LineOf, Lines           the line of an account; all of them
//	GiveDevice, Devices     a desk phone on a line, with a password of its own; all of an account
//	DeviceBy, RevokeDevice  the phone that signs in as a user name; its end
//	Route                   from what was dialled to whom it reaches, or why not
//	Begin                   the call door: the policy decides, the call stands in the table
//	Call.Answered, Ended    what became of it, and its record in the vault
//	Calls, Forget           a person's own list of calls, and taking one out of it
//	Sweep, Resume           what is past its time goes; what a crash left open is closed
//	Erased, Facts           what an erasure drops here, what a copy is told of
//	Close                   what waits to be written is, and no more comes in
//
// A line's number is a record of the vault and is found by a keyed mark. A call
// is one record in two parts: the caller's part names whom they called and is
// sealed for the caller, the callee's names who called and is sealed for the
// callee, unless the caller withheld their number (PECR reg 10). The table of
// calls holds ids, codes and times. So each side sees, exports and erases its
// own part, and the other's is whole all the same.
//
// A phone's name and the hashes of its password are records too, and it is found
// by a keyed mark of a user name that is made up. The password is told once.
//
// What the program needs of the policy it finds through the forms dial and
// device, never by an id: see RolesOf and DeviceRolesOf. An operator who declares
// none has no telephone.
package telecom
