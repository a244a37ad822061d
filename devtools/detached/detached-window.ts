import { createStyleSheet } from '../styles/style-sheet.ts';
import { forgetWindowName, keepWindowName, keptWindowName } from './window-name.ts';

/** A window that shows what this page gives it. It waits while the page reloads, and is taken up again by its name. */
export interface DetachedWindow {
  /** Only in answer to a click or key. False where the browser blocks it. */
  open(): boolean;
  /** Shows in the window that waits for this page, where there is one. */
  takeUp(): boolean;
  focus(): void;
  close(): void;
}

const features = 'popup,width=1120,height=640';
const looksEveryMs = 500;
const waiting = 'waiting';

export function createDetachedWindow(options: {
  readonly shadowMode: 'open' | 'closed';
  /** Returns the end. */
  show(root: ShadowRoot): () => void;
  onKeydown(event: KeyboardEvent, focused: Element | null): void;
  /** A person closed it. */
  onClosed(): void;
}): DetachedWindow {
  let end: ((how: 'close' | 'wait') => void) | undefined;
  let shown: Window | undefined;

  function showIn(opened: Window): void {
    const { document: page } = opened;
    const view = page.defaultView;
    if (!view) return;
    page.title = 'maia devtools';
    delete page.body.dataset['maia'];
    const host = page.createElement('div');
    const root = host.attachShadow({ mode: options.shadowMode });
    // A style sheet belongs to the window that it was made in.
    root.adoptedStyleSheets = [createStyleSheet(view)];
    page.body.replaceChildren(host);
    const hide = options.show(root);

    const listening = new AbortController();
    const { signal } = listening;
    opened.addEventListener('keydown', (event) => options.onKeydown(event, root.activeElement), {
      signal,
      capture: true,
    });
    // That a window was closed is told to nobody but itself.
    const looking = setInterval(() => {
      if (!opened.closed) return;
      end?.('close');
      options.onClosed();
    }, looksEveryMs);
    const leave = () => {
      end?.('wait');
      // A page that the browser keeps comes back as it was.
      window.addEventListener('pageshow', () => takeUp(), { once: true });
    };
    window.addEventListener('pagehide', leave, { signal });

    shown = opened;
    end = (how) => {
      end = undefined;
      shown = undefined;
      listening.abort();
      clearInterval(looking);
      hide();
      if (how === 'wait') return showWaiting(page, root);
      forgetWindowName();
      opened.close();
    };
  }

  function takeUp(): boolean {
    const name = keptWindowName();
    if (name === undefined || end) return false;
    try {
      // The one of this name, or a new one where that is gone: then the browser refuses, or it is closed here.
      const opened = window.open('', name, features);
      if (opened?.document.body.dataset['maia'] === waiting) {
        showIn(opened);
        return true;
      }
      opened?.close();
    } catch {
      // Somebody has led it elsewhere, where this page may not look.
    }
    forgetWindowName();
    return false;
  }

  return {
    open() {
      const opened = window.open('', keepWindowName(), features);
      if (opened) showIn(opened);
      else forgetWindowName();
      return opened !== null;
    },
    takeUp,
    focus: () => shown?.focus(),
    close: () => end?.('close'),
  };
}

/** Made of nodes alone: the page's code is gone by the time that a person reads it. */
function showWaiting(page: Document, root: ShadowRoot): void {
  const element = (tag: string, className: string, ...inside: (Node | string)[]) => {
    const made = page.createElement(tag);
    made.className = className;
    made.append(...inside);
    return made;
  };
  const says = element(
    'div',
    'empty',
    element('h3', '', 'The page is away'),
    element(
      'p',
      '',
      'It is taken up here again when it has reloaded. If it was closed, close this window, too.',
    ),
  );
  const panel = element('aside', 'panel', says);
  panel.dataset['dock'] = 'window';
  root.replaceChildren(element('div', 'maia', panel));
  page.body.dataset['maia'] = waiting;
}
