const controls =
  'a[href], button, input, select, textarea, label, summary, [role=button], [role=link], [role=tab], [role=checkbox], [role=menuitem], [contenteditable], [tabindex]:not([tabindex="-1"])';

const stepPx = 8;
/** The shortest time between checks, because each check measures the page. */
const everyMs = 1_000;

/** Moves the button away from its corner along the page's edge while it would cover a control or text of the app. */
export function keepClear(button: HTMLElement): () => void {
  let due: ReturnType<typeof setTimeout> | undefined;
  const plan = () => {
    due ??= setTimeout(() => {
      due = undefined;
      place(button);
    }, everyMs);
  };
  const changes = new MutationObserver(plan);
  changes.observe(document.documentElement, { childList: true, subtree: true });
  window.addEventListener('resize', plan);
  // Also of elements, whose event does not bubble.
  window.addEventListener('scrollend', plan, true);
  place(button);
  return () => {
    clearTimeout(due);
    changes.disconnect();
    window.removeEventListener('resize', plan);
    window.removeEventListener('scrollend', plan, true);
  };
}

/** If every place covers text, covers text rather than a control: text can be scrolled away. */
function place(button: HTMLElement): void {
  button.style.removeProperty('--lift');
  const { left, right, top, bottom } = button.getBoundingClientRect();
  const way = top < window.innerHeight / 2 ? 1 : -1;
  const linesOf = rememberingLines();
  let best: number | undefined;
  for (let lift = 0; lift < window.innerHeight / 2; lift += stepPx) {
    const y = way * lift;
    const box = { left, right, top: top + y, bottom: bottom + y };
    const below = elementsBelow(button, box);
    if (below.some((element) => element.closest(controls))) continue;
    const coversText = below.some((element) => linesOf(element).some((line) => intersect(line, box)));
    if (!coversText) {
      best = lift;
      break;
    }
    best ??= lift;
  }
  if (best) button.style.setProperty('--lift', `${best}px`);
}

type Box = Pick<DOMRect, 'left' | 'right' | 'top' | 'bottom'>;

/** Samples nine points, so it misses only very small elements. */
function elementsBelow(button: HTMLElement, { left, right, top, bottom }: Box): readonly Element[] {
  const root = button.getRootNode();
  const host = root instanceof ShadowRoot ? root.host : button;
  const columns = [left, (left + right) / 2, right];
  const rows = [top, (top + bottom) / 2, bottom];
  return columns.flatMap((x) =>
    rows.flatMap((y) => document.elementsFromPoint(x, y).find((element) => element !== host) ?? []),
  );
}

/** The boxes of an element's lines of text. */
function rememberingLines(): (element: Element) => readonly Box[] {
  const byElement = new Map<Element, readonly Box[]>();
  return (element) => {
    const known = byElement.get(element);
    if (known) return known;
    const range = document.createRange();
    const lines = [...element.childNodes]
      .filter((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== '')
      .flatMap((node) => {
        range.selectNodeContents(node);
        return [...range.getClientRects()];
      });
    byElement.set(element, lines);
    return lines;
  };
}

function intersect(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
