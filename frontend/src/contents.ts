// A table of contents that shows where the reader is, and folds away where it
// would fill the screen.

const small = '(max-width: 59.99rem)';

/** Folds the list at the start on a screen that has no room beside the text. */
export function foldOnSmallScreens(contents: HTMLElement): void {
  const details = contents.querySelector('details');
  if (!details) return;
  const media = matchMedia(small);
  const set = () => { details.open = !media.matches; };
  set();
  media.addEventListener('change', set);
  contents.addEventListener('click', (event) => {
    if (media.matches && event.target instanceof Element && event.target.closest('a')) details.open = false;
  });
}

/** Marks the link to the section that is being read. */
export function follow(contents: HTMLElement): void {
  const links = new Map<Element, HTMLAnchorElement>();
  for (const link of contents.querySelectorAll<HTMLAnchorElement>('a[href^="#"]')) {
    const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (heading) links.set(heading, link);
  }
  const headings = [...links.keys()];
  let current: HTMLAnchorElement | undefined;
  const observer = new IntersectionObserver(() => {
    const tops = headings.map((h) => h.getBoundingClientRect().top);
    const next = headings[lastAbove(tops, innerHeight / 3)];
    const link = next && links.get(next);
    if (link === current) return;
    current?.removeAttribute('aria-current');
    link?.setAttribute('aria-current', 'location');
    current = link;
  }, { rootMargin: '0px 0px -66% 0px' });
  for (const heading of headings) observer.observe(heading);
}

/** The last of ascending positions that is not below the line, or -1. */
export function lastAbove(positions: readonly number[], line: number): number {
  let last = -1;
  positions.forEach((p, i) => { if (p <= line) last = i; });
  return last;
}
