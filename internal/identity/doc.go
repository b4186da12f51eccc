// Package identity keeps accounts: who may sign in where, how they prove
// themselves, and where they are signed in.
//
// An account belongs to one person of the vault. Its address, its password's
// hash, its passkeys and its authenticator's secret are records of the vault
// under the purpose of the declared form sign-in, so they are exported and
// erased with the person; the tables here hold ids, codes and times.
//
// Which call for what:
//
//	SignUp, Finish            open an account by a link to its address
//	Invite, Employ            the same, asked for by somebody who may
//	SignIn, SignInPasskey     begin a session; Code ends a half one
//	Session                   who a browser's cookie is
//	Prove                     step-up: the person proves themselves again
//	AskReset, Reset           a forgotten password, by a link
//	AskRecovery, BeginRecovery, FinishRecovery  a lost second factor, after a wait
//	StopRecovery, EndRecovery, OfferRecovery    that stopped; the same for staff, at once
//	AskAddress, ConfirmAddress  another address, confirmed at both
//	Add..., Remove            passkeys, authenticator, recovery codes
//	Sessions, End, EndOthers  where one is signed in
//	Dismiss, SignOut          the same of a colleague, for whoever may
//	SignOutThose              the same of anybody, for whoever runs the machine
//	Forget                    all of it goes with its person
//
// Nobody learns who has an account. What is asked for by address does the same
// work, says the same words and takes the same time for every address; what
// differs is decided when the mail is written, to the one person who may know.
// A wrong password, an unknown address and a role that has no business on a
// surface are one refusal, ErrSignIn.
//
// Guessing is slowed by counts in memory, per address that signs in, for any
// number of networks. Once an address is over its count a password alone does
// not sign in any more; its owner gets a mail with a link past the count, and
// passkeys are not counted: so nobody can lock another out. Step-ups, and codes
// after the right password, are counted per account; recovery codes are taken
// all the same.
//
// Roles are declared in the policy (actors with signs_in); the program knows
// what each may do beyond that. Methods with a transaction act in it, and their
// evidence commits with them. Accounts is safe for concurrent use.
package identity
