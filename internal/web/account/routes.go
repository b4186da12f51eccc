package account

import (
	"candour/internal/identity"
	"candour/internal/web"
	"candour/policy"
)

// site is the account pages of one surface.
type site struct {
	*web.Site
	accounts *identity.Accounts
}

// Add gives a surface's table the routes of accounts.
func Add(rt *web.Routes, s *web.Site, a *identity.Accounts) {
	h := &site{s, a}
	rt.Handle("GET /sign-up", h.signUp)
	rt.Handle("POST /sign-up", h.signUpPost)
	rt.Handle("GET /sign-up/finish", h.finish)
	rt.Handle("POST /sign-up/finish", h.finishPost)

	rt.Handle("GET /sign-in", h.signIn)
	rt.Handle("POST /sign-in", h.signInPost)
	rt.Handle("GET /sign-in/passkey", h.signIn) // where a reload of the answer leads
	rt.Handle("POST /sign-in/passkey", h.passkeyPost)
	rt.Handle("GET /sign-in/code", h.code)
	rt.Handle("POST /sign-in/code", h.codePost)
	rt.Member(web.Enrol, "POST /sign-out", h.signOut)

	rt.Handle("GET /reset", h.reset)
	rt.Handle("POST /reset", h.resetPost)
	rt.Handle("GET /reset/finish", h.resetFinish)
	rt.Handle("POST /reset/finish", h.resetFinishPost)
	rt.Handle("GET /recover", h.recoverAsk)
	rt.Handle("POST /recover", h.recoverAskPost)
	rt.Handle("GET /recover/begin", h.recoverBegin)
	rt.Handle("POST /recover/begin", h.recoverBeginPost)
	rt.Handle("GET /recover/stop", h.recoverStop)
	rt.Handle("POST /recover/stop", h.recoverStopPost)
	rt.Handle("GET /recover/finish", h.recoverFinish)
	rt.Handle("POST /recover/finish", h.recoverFinishPost)
	rt.Handle("GET /address/confirm", h.confirmAddress)
	rt.Handle("POST /address/confirm", h.confirmAddressPost)

	rt.Member(web.Enrol, "GET /prove", h.prove)
	rt.Member(web.Again, "POST /prove", h.provePost)
	rt.Member(web.Again, "POST /prove/passkey", h.provePasskeyPost)

	rt.Member(web.Enrol, "GET /security", h.security)
	rt.Member(web.Fresh, "POST /security/sessions/{session}/end", h.sessionEnd)
	rt.Member(web.Fresh, "POST /security/sessions/end", h.sessionsEnd)
	rt.Member(web.Fresh, "GET /security/password", h.password)
	rt.Member(web.Fresh, "POST /security/password", h.passwordPost)
	rt.Member(web.Fresh, "GET /security/address", h.address)
	rt.Member(web.Fresh, "POST /security/address", h.addressPost)
	rt.Member(web.Enrol, "GET /security/passkeys", h.passkey)
	rt.Member(web.Enrol, "POST /security/passkeys", h.passkeyAdd)
	rt.Member(web.Enrol, "GET /security/authenticator", h.authenticator)
	rt.Member(web.Enrol, "GET /security/authenticator/picture", h.authenticatorPicture)
	rt.Member(web.Enrol, "POST /security/authenticator", h.authenticatorPost)
	rt.Member(web.Fresh, "POST /security/recovery", h.recovery)
	rt.Member(web.Whole, "POST /security/recover/stop", h.recoverEnd)
	rt.Member(web.Fresh, "POST /security/credentials/{credential}/remove", h.credentialRemove)

	managers := []identity.Role{identity.CustomerAdministrator, identity.Officer}
	rt.Member(web.Whole, "GET /people", h.people, managers...)
	rt.Member(web.Fresh, "GET /people/invite", h.invite, managers...)
	rt.Member(web.Fresh, "POST /people/invite", h.invitePost, managers...)
	rt.Member(web.Fresh, "POST /people/{account}/sign-out", h.signOutPost, managers...)
	rt.Member(web.Fresh, "POST /people/{account}/appoint", h.appointPost, identity.CustomerAdministrator)
	rt.Member(web.Fresh, "GET /people/{account}/close", h.dismiss, managers...)
	rt.Member(web.Fresh, "POST /people/{account}/close", h.dismissPost, managers...)
}

// Opens reports whether a policy lets people sign in on a surface: it declares
// the form there.
func Opens(p *policy.Policy, surface string) bool {
	f, ok := p.FormByID(signInForm)
	if !ok {
		return false
	}
	for _, s := range f.Surfaces {
		if s == surface {
			return true
		}
	}
	return false
}
