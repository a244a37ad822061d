import { createStyleSheet } from '../styles/style-sheet.ts';
import { createEmptyPage, type EmptyPage, loadedPage } from './empty-page.ts';
import { forgetWindowName, keepWindowName, keptWindowName } from './window-name.ts';

/** A separate window for the panel. It waits while the page reloads; the page then finds it by its name. */
export interface DetachedWindow {
  /** Needs a user activation. Returns false if the browser blocks the window. */
  open(): boolean;
  /** Reuses the window that is waiting for this page, if there is one. */
  takeUp(): boolean;
  focus(): void;
  close(): void;
}

const features = 'popup,width=1120,height=640';
const checkIntervalMs = 250;
/** While the new window loads its page. */
const loadingCheckIntervalMs = 10;
const waiting = 'waiting';

export function createDetachedWindow(options: {
  readonly shadowMode: 'open' | 'closed';
  /** Returns the unmount function. */
  show(root: ShadowRoot): () => void;
  onKeydown(event: KeyboardEvent, focused: Element | null): void;
  /** The user closed the window. */
  onClosed(): void;
}): DetachedWindow {
  let end: ((how: 'close' | 'wait') => void) | undefined;
  let shown: Window | undefined;

  /** Shows the panel once the window's page has loaded, and again after each reload, until the window is closed. */
  function follow(opened: Window, emptyPage?: EmptyPage): void {
    let shownPage: Document | undefined;
    let hide: ((isClosing: boolean) => void) | undefined;
    const listening = new AbortController();
    const { signal } = listening;

    function gone(): void {
      end?.('close');
      options.onClosed();
    }

    // Neither loading nor closing a window reliably fires an event in its opener, so poll.
    let checking: ReturnType<typeof setTimeout> | undefined;
    function check(): void {
      const page = loadedPage(opened);
      if (page === 'gone') return gone();
      if (page !== 'loading' && page !== shownPage) {
        hide?.(true);
        shownPage = page;
        hide = showIn(page);
      }
      checking = setTimeout(check, page === 'loading' ? loadingCheckIntervalMs : checkIntervalMs);
    }

    const leave = () => {
      if (opened.closed) return gone();
      end?.('wait');
      // A page restored from the back/forward cache must reconnect.
      window.addEventListener('pageshow', () => takeUp(), { once: true });
    };
    window.addEventListener('pagehide', leave, { signal });

    shown = opened;
    end = (how) => {
      end = undefined;
      shown = undefined;
      listening.abort();
      clearTimeout(checking);
      hide?.(how === 'close');
      if (how === 'wait') return;
      emptyPage?.forget();
      forgetWindowName();
      opened.close();
    };
    check();
  }

  function showIn(page: Document): (isClosing: boolean) => void {
    const { defaultView: view } = page;
    if (!view) return () => {};
    page.title = 'maia devtools';
    delete page.body.dataset['maia'];
    const host = page.createElement('div');
    const root = host.attachShadow({ mode: options.shadowMode });
    // A constructed style sheet works only in the window that created it.
    root.adoptedStyleSheets = [createStyleSheet(view)];
    page.body.replaceChildren(host);
    const hide = options.show(root);
    const listening = new AbortController();
    view.addEventListener('keydown', (event) => options.onKeydown(event, root.activeElement), {
      signal: listening.signal,
      capture: true,
    });
    return (isClosing) => {
      listening.abort();
      hide();
      if (!isClosing) showWaiting(page, root);
    };
  }

  function takeUp(): boolean {
    const name = keptWindowName();
    if (name === undefined || end) return false;
    try {
      // If no window has this name, the browser opens or blocks a new one, which is closed below.
      const opened = window.open('', name, features);
      if (opened?.document.body.dataset['maia'] === waiting) {
        follow(opened);
        return true;
      }
      opened?.close();
    } catch {
      // The window has navigated to another origin, which this page cannot access.
    }
    forgetWindowName();
    return false;
  }

  return {
    open() {
      const emptyPage = createEmptyPage();
      const opened = window.open(emptyPage.url, keepWindowName(), features);
      if (opened) follow(opened, emptyPage);
      else {
        emptyPage.forget();
        forgetWindowName();
      }
      return opened !== null;
    },
    takeUp,
    focus: () => shown?.focus(),
    close: () => end?.('close'),
  };
}

/** Uses plain nodes, because the page's scripts are gone while this is visible. */
function showWaiting(page: Document, root: ShadowRoot): void {
  const element = (tag: string, className: string, ...inside: (Node | string)[]) => {
    const made = page.createElement(tag);
    made.className = className;
    made.append(...inside);
    return made;
  };
  const message = element(
    'div',
    'empty',
    element('h3', '', 'The page is reloading'),
    element(
      'p',
      '',
      'The panel returns here after the page reloads. If you closed the page, close this window too.',
    ),
  );
  const panel = element('aside', 'panel', message);
  panel.dataset['dock'] = 'window';
  root.replaceChildren(element('div', 'maia', panel));
  page.body.dataset['maia'] = waiting;
}
