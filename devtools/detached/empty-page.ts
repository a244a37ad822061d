/** An empty document in standards mode. `about:blank` is in quirks mode, where tables inherit neither colours nor fonts. */
export interface EmptyPage {
  readonly url: string;
  /** Frees the address. The window then cannot be reloaded. */
  forget(): void;
}

const html =
  '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>maia devtools</title></head><body></body></html>';

/** A blob, because writing to the window's document would violate the app's Trusted Types. */
export function createEmptyPage(): EmptyPage {
  const url = URL.createObjectURL(new Blob([html], { type: 'text/html' }));
  return { url, forget: () => URL.revokeObjectURL(url) };
}

/** The window's document. A new window is at `about:blank` before it loads the empty page. */
export function loadedPage(opened: Window): Document | 'loading' | 'gone' {
  try {
    if (opened.closed) return 'gone';
    const { document } = opened;
    const isLoaded = document.compatMode === 'CSS1Compat' && document.readyState !== 'loading';
    return isLoaded ? document : 'loading';
  } catch {
    // The window has navigated to another origin, which this page cannot access.
    return 'gone';
  }
}
