/** Kept for the tab, over its reloads: two tabs have two windows. */
const key = 'maia-devtools-window';

export function keptWindowName(): string | undefined {
  try {
    return sessionStorage.getItem(key) ?? undefined;
  } catch {
    // A browser may refuse storage to the page: then a reload does not find the window again.
    return undefined;
  }
}

/** Its name, from now on. */
export function keepWindowName(): string {
  const name = keptWindowName() ?? `maia-devtools-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`;
  try {
    sessionStorage.setItem(key, name);
  } catch {
    // As above.
  }
  return name;
}

export function forgetWindowName(): void {
  try {
    sessionStorage.removeItem(key);
  } catch {
    // As above.
  }
}
