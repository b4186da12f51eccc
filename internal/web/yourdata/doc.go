// Package yourdata is what people see of their data and do about it, the same
// for whoever came by a link to their address and for whoever is signed in: the
// views, the words of each act, and the acts. Who acts, and where the buttons
// lead, each surface says with a Holder.
package yourdata
