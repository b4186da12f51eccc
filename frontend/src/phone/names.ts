// Whose number is whose, as one's own contacts and one's company's directory
// say. It is compared here, in the page: who calls is told to no server for it.

interface Named { name: string; number: string; key: string; from: string }

/** A number as two are compared: an extension, or a number of the world. */
export function key(number: string): string {
  const digits = number.replace(/[^\d+]/g, '');
  if (digits.startsWith('+')) return digits;
  if (digits.startsWith('00')) return `+${digits.slice(2)}`;
  return digits.startsWith('0') ? `+44${digits.slice(1)}` : digits;
}

export class Names {
  #names = new Map<string, string>();

  /** Asks the server once, and lets the field suggest what it finds. */
  async load(address: string | undefined, field: HTMLInputElement): Promise<void> {
    if (!address) return;
    const answer = await fetch(address, { redirect: 'error' }).catch(() => undefined);
    if (!answer?.ok) return;
    const list = (await answer.json().catch(() => [])) as Named[];
    const options = document.createElement('datalist');
    options.id = `${field.id}-names`;
    for (const n of list) {
      if (!this.#names.has(n.key)) this.#names.set(n.key, n.name);
      const option = document.createElement('option');
      option.value = n.number;
      option.label = n.from === 'directory' ? `${n.name} (your company)` : n.name;
      options.append(option);
    }
    if (list.length === 0) return;
    field.after(options);
    field.setAttribute('list', options.id);
  }

  /** The name of whoever has a number; empty where nobody is known to. */
  of(number: string): string {
    return number === '' ? '' : this.#names.get(key(number)) ?? '';
  }
}
