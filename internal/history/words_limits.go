package history

// limitWords tell changes of limits, by their code (package telecom).
var limitWords = map[string]string{
	"cap":                  "What your account may spend on calls in a month was changed",
	"open.uk-landline":     "Calls to UK landlines were switched on for your account",
	"open.uk-mobile":       "Calls to UK mobiles were switched on for your account",
	"open.freephone":       "Calls to freephone numbers were switched on for your account",
	"open.revenue-share":   "Calls to numbers that share what you pay were switched on for your account",
	"open.premium":         "Calls to premium-rate numbers were switched on for your account",
	"open.international":   "Calls to other countries were switched on for your account",
	"open.high-risk":       "Calls to high-risk destinations were switched on for your account",
	"closed.uk-landline":   "Calls to UK landlines were switched off for your account",
	"closed.uk-mobile":     "Calls to UK mobiles were switched off for your account",
	"closed.freephone":     "Calls to freephone numbers were switched off for your account",
	"closed.revenue-share": "Calls to numbers that share what you pay were switched off for your account",
	"closed.premium":       "Calls to premium-rate numbers were switched off for your account",
	"closed.international": "Calls to other countries were switched off for your account",
	"closed.high-risk":     "Calls to high-risk destinations were switched off for your account",
	"barred.uk-landline":   "Calls to UK landlines were barred for your account by our staff",
	"barred.uk-mobile":     "Calls to UK mobiles were barred for your account by our staff",
	"barred.freephone":     "Calls to freephone numbers were barred for your account by our staff",
	"barred.revenue-share": "Calls to numbers that share what you pay were barred for your account by our staff",
	"barred.premium":       "Calls to premium-rate numbers were barred for your account by our staff",
	"barred.international": "Calls to other countries were barred for your account by our staff",
	"barred.high-risk":     "Calls to high-risk destinations were barred for your account by our staff",
}
