// Asks for the microphone and the camera in the moment in which they are
// needed: first the page, with its declared reason, and only then the browser.

/** What can be asked for. */
export type Device = 'microphone' | 'camera';

/** Keeps an answer in the person's history. */
export type Keep = (address: string) => unknown;

/** One permission, as the page came with it: its panel of words and buttons. */
export class Permission {
  readonly #panel: HTMLElement;
  readonly #keep: Keep;
  #keeping: unknown;

  constructor(panel: HTMLElement, keep: Keep) {
    this.#panel = panel;
    this.#keep = keep;
  }

  /**
   * Whether the device may be asked for now. The panel is shown unless both the
   * person and this browser have agreed before. A signal that aborts is a no
   * that is not kept: the call for which it was asked is gone.
   */
  async allowed(device: Device | 'notifications' | 'headset' | 'geolocation' | 'phone', signal: AbortSignal, focus = true): Promise<boolean> {
    if (await this.stands(device)) return true;
    const answer = await this.#ask(signal, focus);
    if (answer === undefined) return false;
    this.#answered(answer);
    return answer;
  }

  /** Whether the person allowed it, as far as the page knows. */
  get given(): boolean {
    return this.#panel.dataset.granted === 'yes';
  }

  /** Whether both the person and this browser have agreed before, so that nobody is asked. */
  async stands(device: string): Promise<boolean> {
    // Of the state of the phone no browser asks anything.
    return this.given && (device === 'phone' || (await state(device)) === 'granted');
  }

  /** Notes what the server knows of the answer: another page may have changed it. */
  is(granted: boolean): void {
    this.#panel.dataset.granted = granted ? 'yes' : 'no';
  }

  /** Waits until the answer is on its way to the server and was taken. */
  async kept(): Promise<void> {
    await this.#keeping;
  }

  /** Keeps that the browser, or the person in the browser's own question, said no. */
  refused(): void {
    this.#answered(false);
  }

  #answered(yes: boolean): void {
    const { granted, grant, refuse } = this.#panel.dataset;
    const before = granted === 'yes';
    this.#panel.dataset.granted = yes ? 'yes' : 'no';
    const at = yes ? grant : refuse;
    if (at !== undefined && !(yes && before)) this.#keeping = this.#keep(at);
  }

  #ask(signal: AbortSignal, focus: boolean): Promise<boolean | undefined> {
    const panel = this.#panel;
    return new Promise((resolve) => {
      const done = (answer: boolean | undefined) => {
        panel.hidden = true;
        panel.removeEventListener('click', pressed);
        signal.removeEventListener('abort', gone);
        resolve(answer);
      };
      const pressed = (event: Event) => {
        const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-answer]') : null;
        if (button !== null) done(button.dataset.answer === 'yes');
      };
      const gone = () => done(undefined);
      if (signal.aborted) return resolve(undefined);
      panel.addEventListener('click', pressed);
      signal.addEventListener('abort', gone);
      panel.hidden = false;
      if (focus) panel.focus();
      panel.scrollIntoView({ block: 'nearest' });
    });
  }
}

/** What the browser would answer; prompt where it does not tell. */
async function state(device: string): Promise<PermissionState> {
  try {
    return (await navigator.permissions.query({ name: device as PermissionName })).state;
  } catch {
    return 'prompt';
  }
}
