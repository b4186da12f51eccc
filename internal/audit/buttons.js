// Looks for the buttons of a consent message as a person would: by what can be
// read on them, where they can be seen and pressed. Brings the wanted one into
// view and returns where to press.
((wanted) => {
  const texts = {
    reject: ['reject all', 'reject', 'reject all cookies', 'reject optional cookies', 'refuse', 'refuse all', 'decline', 'decline all', 'necessary only', 'only necessary', 'necessary cookies only'],
    accept: ['accept all', 'accept', 'accept all cookies', 'accept cookies', 'allow all', 'allow all cookies', 'agree', 'i agree'],
  };
  const read = (el) => (el.getAttribute('aria-label') || el.value || el.innerText || '').replace(/\s+/g, ' ').trim().toLowerCase();
  const all = (root, found = []) => {
    for (const el of root.querySelectorAll('*')) {
      if (el.matches('button, [role="button"], input[type="submit"], input[type="button"], a')) found.push(el);
      if (el.shadowRoot) all(el.shadowRoot, found);
    }
    return found;
  };
  const top = (x, y, root = document) => {
    const el = root.elementFromPoint(x, y);
    return el && el.shadowRoot && el.shadowRoot !== root ? top(x, y, el.shadowRoot) || el : el;
  };
  // place returns the middle of a button that can be seen and pressed.
  const place = (el) => {
    if (el.disabled) return null;
    el.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    const box = el.getBoundingClientRect();
    const style = getComputedStyle(el);
    if (box.width < 2 || box.height < 2 || style.visibility === 'hidden' || Number(style.opacity) < 0.1) return null;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const hit = top(x, y);
    return hit && (hit === el || el.contains(hit)) ? { x, y } : null;
  };
  const message = (el) => {
    for (let at = el; at; at = at.parentElement || at.getRootNode().host) {
      if (at.matches('dialog[open], [role="dialog"], [role="alertdialog"]')) return at;
      if (/^(fixed|sticky)$/.test(getComputedStyle(at).position)) return at;
    }
    return null;
  };
  const find = (kind) => all(document).filter((el) => texts[kind].includes(read(el)))
    .map((el) => ({ el, at: place(el), message: message(el) })).filter((c) => c.at);
  const [accept, reject] = [find('accept'), find('reject')];
  const about = (c) => c.message && /cookie|consent|privacy/i.test(c.message.innerText || '');
  const inMessage = { accept: accept.some(about), reject: reject.some(about) };
  const list = wanted === 'accept' ? accept : wanted === 'reject' ? reject : [];
  const chosen = list.find(about) || list[0];
  return { accept: inMessage.accept, reject: inMessage.reject, press: chosen ? place(chosen.el) : null };
})
