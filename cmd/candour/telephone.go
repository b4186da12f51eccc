package main

import (
	"time"

	"candour/internal/sip"
	"candour/internal/telecom"
	"candour/internal/web/console"
	"candour/internal/web/own"
)

// howReached are the ways to a device, as staff read them.
var howReached = map[string]string{
	sip.OverWebSocket: "Browsers and the app", sip.OverUDP: "Desk phones over UDP", sip.OverTCP: "Desk phones over TCP", sip.OverTLS: "Desk phones over TLS",
}

// overWords are the ways to a device, as its own person reads them.
var overWords = map[string]string{
	sip.OverWebSocket: "over the web", sip.OverUDP: "over UDP, which is not encrypted", sip.OverTCP: "over TCP, which is not encrypted", sip.OverTLS: "over TLS, which is encrypted",
}

// connected are the devices that a line can be reached on now, without where they
// are.
func (s *sites) connected(line int64) (list []own.Connection) {
	for _, r := range s.phones.server.RegistrationsOf(line) {
		list = append(list, own.Connection{Device: r.Device, Over: overWords[r.Network], Since: r.Since})
	}
	return list
}

// telephone is how the telephone service is doing now, without anybody's number.
func (s *sites) telephone() console.Telephone {
	server := s.phones.server
	t := console.Telephone{Devices: map[string]console.DevicesNow{}}
	for _, r := range server.Registrations() {
		how, known := howReached[r.Network]
		if !known {
			how = "Others"
		}
		t.Devices[how] = t.Devices[how].Add(r.Since)
	}
	for _, c := range server.Calls() {
		t.Calls = append(t.Calls, console.CallNow{
			From: placeOf(c.From.ID != 0, telecom.ToNumber), To: placeOf(c.To.Reach == telecom.ToLine, c.To.Reach), Since: time.UnixMilli(c.Since), Answered: c.Answered,
			Sound: c.Caller.Audio, FromCaller: c.Caller.AudioIn.Packets, FromCallee: c.Callee.AudioIn.Packets, Dropped: c.Caller.Dropped + c.Callee.Dropped,
		})
	}
	for _, x := range server.Trunks() {
		now := console.TrunkNow{ID: x.ID, Down: !x.Up, Emergency: x.Emergency, Calls: x.Calls, Capacity: x.Capacity, Failure: x.Failure, State: "Works"}
		switch {
		case x.Registers && !x.Registered:
			now.State, now.Down = "Not registered", true
		case !x.Up:
			now.State = "No answer"
		case x.Registers:
			now.State = "Registered"
		}
		t.Trunks = append(t.Trunks, now)
	}
	return t
}

// placeOf says what is at an end of a call, and not who.
func placeOf(line bool, reach telecom.Reach) string {
	switch {
	case line:
		return "A line"
	case reach == telecom.ToEmergency:
		return "An emergency number"
	}
	return "An outside number"
}
