// Reads one document, in a world of its own that the page's scripts cannot
// touch. Returns fields, links and hints as plain data.
(() => {
  const words = (s) => (s || '').replace(/\s+/g, ' ').trim();
  const all = (root, selector, found = []) => {
    for (const el of root.querySelectorAll('*')) {
      if (el.matches(selector)) found.push(el);
      if (el.shadowRoot) all(el.shadowRoot, selector, found);
    }
    return found;
  };
  const byIds = (el, attribute) => words((el.getAttribute(attribute) || '').split(/\s+/)
    .map((id) => (id && el.getRootNode().getElementById ? el.getRootNode().getElementById(id) : null))
    .map((t) => (t ? t.innerText || t.textContent : '')).join(' '));
  const seen = (el) => {
    const box = el.getBoundingClientRect();
    const style = getComputedStyle(el);
    return box.width > 0 && box.height > 0 && style.visibility !== 'hidden';
  };

  const buttons = new Set(['submit', 'button', 'reset', 'image']);
  const fields = all(document, 'input, select, textarea, [contenteditable]:not([contenteditable="false"])')
    .filter((el) => el.localName !== 'input' || !buttons.has(el.type))
    .map((el) => {
      const form = el.form || el.closest('form');
      const labels = [...(el.labels || [])].map((l) => l.innerText || l.textContent);
      // One of several answers is named by its question too.
      if (el.type === 'radio' || el.type === 'checkbox') labels.push(el.closest('fieldset')?.querySelector(':scope > legend')?.innerText || '');
      return {
        tag: el.localName,
        type: el.localName === 'input' ? el.type : '',
        name: el.getAttribute('name') || el.id || '',
        label: words([...labels, el.getAttribute('aria-label'), byIds(el, 'aria-labelledby'), byIds(el, 'aria-describedby'), el.getAttribute('placeholder')].join(' ')),
        action: form ? String(new URL(form.getAttribute('action') || '', document.baseURI)) : '',
        text: words((form || document.body).innerText),
        required: Boolean(el.required) || el.getAttribute('aria-required') === 'true',
        checked: el.type === 'checkbox' && el.checked,
        hidden: el.type === 'hidden' || !seen(el),
      };
    });

  const leaving = /\b(external|(an)?other|outside|different|their)\b.{0,20}\b(web ?)?(site|page|link)s?\b|\bexternal\b|\bleav(e|es|ing)\b|\bopens?\b|\bnew (tab|window)\b/i;
  const drawn = (el, side) => {
    const c = getComputedStyle(el, side).content;
    return c !== 'none' && c !== 'normal' && c !== '""';
  };
  const links = all(document, 'a[href], area[href]').map((el) => {
    const inside = [...el.querySelectorAll('img[alt], svg')].map((i) => i.getAttribute('alt') || i.getAttribute('aria-label') || i.querySelector('title')?.textContent || '');
    const told = words([el.textContent, el.title, el.getAttribute('aria-label'), byIds(el, 'aria-describedby'), ...inside].join(' '));
    return {
      href: el.href && el.href.baseVal !== undefined ? String(new URL(el.href.baseVal, document.baseURI)) : el.href,
      text: words(el.textContent).slice(0, 80),
      marked: leaving.test(told) || el.relList?.contains('external') || /\bexternal\b/.test(el.getAttribute('class') || '') || drawn(el, '::after') || drawn(el, '::before'),
      ping: el.ping || '',
      save: el.hasAttribute('download'),
    };
  });

  const eager = /\b(preconnect|dns-prefetch|prefetch|preload|modulepreload|prerender)\b/i;
  const hints = all(document, 'link[rel][href]').filter((el) => eager.test(el.rel)).map((el) => ({ rel: el.rel, href: el.href }));
  for (const el of all(document, 'script[type="speculationrules" i]')) hints.push({ rel: 'speculationrules', href: el.src || document.URL });
  return { title: document.title, fields, links, hints };
})()
