#!/usr/bin/env bash
# Makes the words that voicemail says, once, into internal/voicemail/prompts, and those
# that are said in calls that are recorded, into internal/recording/prompts: each as
# G.711 in WAV and as Opus in Ogg. "prompts.sh recording" makes the latter
# alone. It needs Debian's flite, sox and opus-tools, which neither the build nor the
# tests do. The voice is CMU's slt, whose licence lets anybody use and distribute it.
set -euo pipefail
root=$(cd "$(dirname "$0")/../internal" && pwd)
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

level=-6 # of the loudest, in decibels
make() { # make NAME FILE: a WAV file of any kind becomes both
	sox "$2" -r 8000 -c 1 -e u-law -b 8 "$1.wav" gain -n $level
	sox "$2" -r 48000 -c 1 -b 16 "$work/$1-48.wav" gain -n $level
	# A packet a page, as what plays it reads it; 16 kbit a second are enough for a voice.
	opusenc --quiet --speech --bitrate 16 --framesize 20 --max-delay 20 --discard-comments "$work/$1-48.wav" "$1.opus"
}

say() { # say NAME WORDS
	flite -voice slt --setf duration_stretch=1.1 -t "$2" -o "$work/$1.wav"
	make "$1" "$work/$1.wav"
}

cd "$root/recording/prompts"
say begins "This call is being recorded. To say no press star nine."
say ends "The recording has ended."
# Soft, so that it does not hide a word: a tenth of what speech reaches.
sox -n -r 48000 -c 1 "$work/tone.wav" synth 0.2 sine 1400 fade 0.02 0.2 0.02
level=-26 make tone "$work/tone.wav"
[ "${1:-}" != recording ] || exit 0

cd "$root/voicemail/prompts"
sox -n -r 48000 -c 1 "$work/beep.wav" synth 0.4 sine 1000 fade 0.01 0.4 0.01
make beep "$work/beep.wav"
say greeting "The person you called cannot take your call now. Please leave a message after the tone. What you say is recorded, and kept for them. When you have finished, hang up, or press hash."
say recorded "What you say after the tone is recorded, and kept for the person you called."
say menu "This is your voicemail. To hear your messages, press 1. To record your greeting, press 5. To use the standard greeting again, press 9."
say none "You have no messages."
say after "To hear this again, press 1. For the next message, press 2. To delete this message, press 3."
say deleted "The message is deleted."
say last "There are no more messages."
say elsewhere "This message cannot be played on this phone. You can hear it on the voicemail page."
say record "Record your greeting after the tone. When you have finished, press hash."
say saved "Your greeting is kept, and callers hear it from now on."
say empty "Nothing was heard, so your greeting is as it was."
say standard "Callers hear the standard greeting again."
say full "The person you called cannot take your call now, and has no room for another message. Please call again later. Good bye."
say goodbye "Good bye."

# Softly, in the middle of a call, after two low notes.
level=-14
sox -n -r 16000 -c 1 -b 16 "$work/notes.wav" synth 0.14 sine 440 fade 0.02 0.14 0.02 pad 0 0.05 : synth 0.14 sine 550 fade 0.02 0.14 0.02 pad 0 0.12
warn() { # warn NAME WORDS
	flite -voice slt --setf duration_stretch=1.1 -t "$2" -o "$work/words.wav"
	sox "$work/notes.wav" "$work/words.wav" "$work/$1.wav"
	make "$1" "$work/$1.wav"
}
warn minute "This call ends in one minute."
warn soon "This call ends soon."
