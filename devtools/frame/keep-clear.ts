const controls =
  'a[href], button, input, select, textarea, label, summary, [role=button], [role=link], [role=tab], [role=checkbox], [role=menuitem], [contenteditable], [tabindex]:not([tabindex="-1"])';

const stepPx = 8;
/** How often the app's changes are looked at, because each look measures the page. */
const everyMs = 1_000;

/** Moves the button away from its corner along the page's edge while it would cover a control of the app. */
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
  place(button);
  return () => {
    clearTimeout(due);
    changes.disconnect();
    window.removeEventListener('resize', plan);
  };
}

function place(button: HTMLElement): void {
  button.style.removeProperty('--lift');
  const { left, right, top, bottom } = button.getBoundingClientRect();
  const way = top < window.innerHeight / 2 ? 1 : -1;
  for (let lift = 0; lift < window.innerHeight / 2; lift += stepPx) {
    const y = way * lift;
    if (coversControl(button, { left, right, top: top + y, bottom: bottom + y })) continue;
    if (lift > 0) button.style.setProperty('--lift', `${lift}px`);
    return;
  }
}

type Box = Pick<DOMRect, 'left' | 'right' | 'top' | 'bottom'>;

/** Looks at nine points, so it finds all but the smallest controls. */
function coversControl(button: HTMLElement, { left, right, top, bottom }: Box): boolean {
  const root = button.getRootNode();
  const host = root instanceof ShadowRoot ? root.host : button;
  const columns = [left, (left + right) / 2, right];
  const rows = [top, (top + bottom) / 2, bottom];
  return columns.some((x) =>
    rows.some((y) => {
      const below = document.elementsFromPoint(x, y).find((element) => element !== host);
      return Boolean(below?.closest(controls));
    }),
  );
}
