// Firefox without calls home, driven over WebDriver BiDi.
import puppeteer from 'puppeteer-core';

const executablePath = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

export const launch = (prefs = {}) => puppeteer.launch({
  browser: 'firefox', executablePath, headless: true,
  extraPrefsFirefox: {
    'app.normandy.enabled': false, 'app.update.enabled': false, 'browser.safebrowsing.downloads.remote.enabled': false,
    'browser.safebrowsing.malware.enabled': false, 'browser.safebrowsing.phishing.enabled': false,
    'datareporting.policy.dataSubmissionEnabled': false, 'extensions.getAddons.cache.enabled': false,
    'network.captive-portal-service.enabled': false, 'network.connectivity-service.enabled': false,
    'privacy.globalprivacycontrol.enabled': false, 'services.settings.server': 'data:,', 'toolkit.telemetry.enabled': false, ...prefs,
  },
});

// talkative has a made up microphone, that sounds, and a made up camera, and calls
// over loopback. Firefox tells its own addresses on all networks, loopback among
// them, only to a page that may use a real microphone or camera, which made up
// ones are not: so that is allowed beforehand.
export const talkative = () => launch({
  'media.navigator.streams.fake': true, 'media.navigator.permission.disabled': true, 'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false, 'media.autoplay.default': 0, 'media.autoplay.blocking_policy': 0,
  'permissions.default.microphone': 1, 'permissions.default.camera': 1,
});
