// Where this device is, once. There is no way in here to ask again and again:
// each fix needs a call of its own, and each call a press.

/** One fix, in degrees and metres (WGS 84). */
export interface Place {
  latitude: number;
  longitude: number;
  accuracy: number; // with a probability of 95%
  at: number; // milliseconds since 1970
}

/** Why there is none, in words for the person. */
export class NoPlace extends Error {
  /** Whether the browser, or the person in the browser's own question, said no. */
  readonly denied: boolean;

  constructor(words: string, denied = false) {
    super(words);
    this.denied = denied;
  }
}

const patience = 20_000; // milliseconds; a device that looks for satellites under a roof takes long

const denied = 'Your browser does not let this page ask where you are. To change that, press the sign to the left of the address of this page and look for Permissions. Nothing was sent.';
const nowhere = 'Your device could not find out where it is. Try again near a window, or say it in words. Nothing was sent.';

/** Asks the device for one fix: a fresh one, never one that another page left. */
export function fix(geolocation: Geolocation | undefined = navigator.geolocation): Promise<Place> {
  return new Promise((resolve, reject) => {
    if (geolocation === undefined) {
      reject(new NoPlace(nowhere));
      return;
    }
    geolocation.getCurrentPosition(
      ({ coords, timestamp }) => resolve({ latitude: coords.latitude, longitude: coords.longitude, accuracy: coords.accuracy, at: timestamp }),
      (error) => reject(error.code === error.PERMISSION_DENIED ? new NoPlace(denied, true) : new NoPlace(nowhere)),
      { enableHighAccuracy: true, maximumAge: 0, timeout: patience },
    );
  });
}

/** The fix as our server reads it. */
export const written = ({ latitude, longitude, accuracy }: Place): string => [latitude, longitude, Math.min(accuracy, 100_000)].join(',');

/**
 * The fix as a service for emergencies reads it: a location object in a presence
 * document (RFC 4119, RFC 5491 section 5.2.3). Entity is the address of the
 * caller. It is for a call to 999 or 112 that the person makes, who knows it.
 */
export function locationObject({ latitude, longitude, accuracy, at }: Place, entity: string): string {
  const text = (s: string) => s.replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`);
  const until = new Date(at + 24 * 60 * 60 * 1000).toISOString();
  return `<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:gml="http://www.opengis.net/gml" xmlns:gs="http://www.opengis.net/pidflo/1.0" entity="${text(entity)}">
<dm:device id="device"><gp:geopriv><gp:location-info><gs:Circle srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>${latitude.toFixed(6)} ${longitude.toFixed(6)}</gml:pos><gs:radius uom="urn:ogc:def:uom:EPSG::9001">${Math.ceil(accuracy)}</gs:radius></gs:Circle></gp:location-info><gp:usage-rules><gp:retransmission-allowed>false</gp:retransmission-allowed><gp:retention-expiry>${until}</gp:retention-expiry></gp:usage-rules><gp:method>GPS</gp:method></gp:geopriv><dm:deviceID>device</dm:deviceID><dm:timestamp>${new Date(at).toISOString()}</dm:timestamp></dm:device>
</presence>`;
}
