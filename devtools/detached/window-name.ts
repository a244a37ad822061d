/** Per tab, across reloads, so that two tabs have two windows. */
const key = 'maia-devtools-window';

export function keptWindowName(): string | undefined {
  try {
    return sessionStorage.getItem(key) ?? undefined;
  } catch {
    // The browser blocks storage, so a reload cannot find the window again.
    return undefined;
  }
}

/** Returns the tab's window name, creating one if needed. */
export function keepWindowName(): string {
  const name = keptWindowName() ?? `maia-devtools-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`;
  try {
    sessionStorage.setItem(key, name);
  } catch {
    // The browser blocks storage.
  }
  return name;
}

export function forgetWindowName(): void {
  try {
    sessionStorage.removeItem(key);
  } catch {
    // The browser blocks storage.
  }
}
