// Package web is the http server's kernel: it finds the surface by the host,
// puts the doors before it (cookies, content, permissions, origins, caches),
// renders pages and turns refusals into plain words.
//
// Each surface is a package of its own below this one, one file a route.
package web
