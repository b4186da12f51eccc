// Runs before any script of a page. It reports calls that make a browser ask
// for a permission, and cookies that script sets, by name only; permissions
// are answered as if the person had dismissed the question.
(() => {
  const name = 'candourAuditTell';
  const tell = globalThis[name];
  if (typeof tell !== 'function') return;
  delete globalThis[name];
  const { apply } = Reflect;
  const { stringify } = JSON;
  const send = (message) => { tell(stringify(message)); };
  const pressed = () => Boolean(navigator.userActivation && navigator.userActivation.isActive);
  const asked = (api, features) => send({ kind: 'ask', api, features, pressed: pressed() });
  const dismissed = () => Promise.reject(new DOMException('The question was dismissed.', 'NotAllowedError'));

  const replace = (owner, key, make) => {
    const original = owner && owner[key];
    if (typeof original !== 'function') return;
    const made = make(original);
    try {
      Object.defineProperty(owner, key, { value: made, configurable: true, writable: true });
    } catch { /* an object that cannot be changed cannot be watched */ }
  };
  // refuse replaces a method that asks and answers with a promise.
  const refuse = (type, key, features, answer = dismissed) => {
    const owner = globalThis[type] && globalThis[type].prototype;
    replace(owner, key, () => function (...args) {
      asked(`${type}.${key}`, typeof features === 'function' ? features(...args) : features);
      return answer(...args);
    });
  };

  const media = (constraints) => {
    const wanted = [];
    if (constraints && constraints.audio) wanted.push('microphone');
    if (constraints && constraints.video) wanted.push('camera');
    return wanted.length ? wanted : ['camera', 'microphone'];
  };
  refuse('MediaDevices', 'getUserMedia', media);
  refuse('MediaDevices', 'getDisplayMedia', ['display-capture']);
  for (const key of ['getUserMedia', 'webkitGetUserMedia']) {
    replace(globalThis.Navigator && Navigator.prototype, key, () => function (constraints, done, failed) {
      asked(`Navigator.${key}`, media(constraints));
      if (typeof failed === 'function') queueMicrotask(() => failed(new DOMException('The question was dismissed.', 'NotAllowedError')));
    });
  }
  for (const key of ['getCurrentPosition', 'watchPosition']) {
    replace(globalThis.Geolocation && Geolocation.prototype, key, () => function (done, failed) {
      asked(`Geolocation.${key}`, ['geolocation']);
      if (typeof failed === 'function') queueMicrotask(() => failed({ code: 1, message: 'The question was dismissed.', PERMISSION_DENIED: 1 }));
      return 1;
    });
  }
  replace(globalThis.Notification, 'requestPermission', () => function (done) {
    asked('Notification.requestPermission', ['notifications']);
    if (typeof done === 'function') queueMicrotask(() => done('default'));
    return Promise.resolve('default');
  });
  refuse('Permissions', 'request', (d) => [String((d && d.name) || 'unknown')]);
  refuse('PushManager', 'subscribe', ['push']);
  refuse('Clipboard', 'read', ['clipboard-read']);
  refuse('Clipboard', 'readText', ['clipboard-read']);
  refuse('ContactsManager', 'select', ['contacts']);
  refuse('HID', 'requestDevice', ['hid'], () => Promise.resolve([]));
  refuse('USB', 'requestDevice', ['usb']);
  refuse('Serial', 'requestPort', ['serial']);
  refuse('Bluetooth', 'requestDevice', ['bluetooth']);
  refuse('Bluetooth', 'requestLEScan', ['bluetooth']);
  refuse('Navigator', 'requestMIDIAccess', ['midi']);
  refuse('StorageManager', 'persist', ['persistent-storage'], () => Promise.resolve(false));
  refuse('Document', 'requestStorageAccess', ['storage-access']);
  refuse('XRSystem', 'requestSession', ['xr-spatial-tracking']);
  for (const key of ['showOpenFilePicker', 'showSaveFilePicker', 'showDirectoryPicker']) {
    replace(globalThis, key, () => () => { asked(key, ['storage']); return dismissed(); });
  }
  replace(globalThis, 'queryLocalFonts', () => () => { asked('queryLocalFonts', ['local-fonts']); return dismissed(); });
  replace(globalThis, 'getScreenDetails', () => () => { asked('getScreenDetails', ['window-management']); return dismissed(); });
  for (const type of ['IdleDetector', 'DeviceOrientationEvent', 'DeviceMotionEvent']) {
    replace(globalThis[type], 'requestPermission', () => () => {
      asked(`${type}.requestPermission`, [type === 'IdleDetector' ? 'idle-detection' : 'gyroscope']);
      return Promise.resolve('denied');
    });
  }

  // Cookies that script sets, also those it deletes before anybody looks.
  const cookie = globalThis.Document && Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
  if (cookie && cookie.set) {
    Object.defineProperty(Document.prototype, 'cookie', {
      ...cookie,
      set(line) {
        send({ kind: 'cookie', line: String(line).replace(/^([^=;]*)=[^;]*/, '$1='), host: location.hostname });
        apply(cookie.set, this, [line]);
      },
    });
  }
  replace(globalThis.CookieStore && CookieStore.prototype, 'set', (original) => function (...args) {
    const o = typeof args[0] === 'object' && args[0] !== null ? args[0] : { name: args[0] };
    let line = `${o.name}=; Secure; SameSite=${o.sameSite || 'Strict'}`;
    if (o.domain) line += `; Domain=${o.domain}`;
    if (o.expires) line += `; Expires=${new Date(Number(o.expires)).toUTCString()}`;
    send({ kind: 'cookie', line, host: location.hostname });
    return apply(original, this, args);
  });
})();
