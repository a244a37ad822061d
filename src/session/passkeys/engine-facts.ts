/** What we know of a browser engine when the browser itself reports nothing about PRF, or reports it wrongly. */
export interface EngineFact {
  /** `doubtful`: a ceremony may return a wrong value, so do not base an account on it. */
  readonly prf: 'no' | 'doubtful';
  /** One or two sentences: why, and what to do. */
  readonly reason: string;
}

const update = 'Update the browser, or use another up-to-date browser.';

/**
 * Facts as of November 2026. PRF arrived with Chrome and Edge 116, Safari 18.4, Firefox 139, and 149 on Android; pages inside
 * other apps lack it. Safari 18.0 to 18.3 can return a wrong value for a passkey on another device. A home-screen app on iOS
 * looks like a page inside another app, so only apps that name themselves count as such. Undefined if nothing is known
 * against the engine.
 */
export function engineFact(userAgent: string | undefined): EngineFact | undefined {
  if (userAgent === undefined) return undefined;
  const version = (name: RegExp) => versionIn(userAgent, name);
  if (/; wv\)|FBA[NV]\/|Instagram|MicroMessenger|\bLine\//.test(userAgent)) {
    const reason =
      'This page is open inside another app, where a passkey cannot open an account. Open it in the browser.';
    return { prf: 'no', reason };
  }
  if (isBelow(version(/Android.*Firefox\/(\d+)\.(\d+)/), 149)) {
    const reason =
      'This version of Firefox on Android cannot open an account with a passkey. Update it, or use the recovery phrase.';
    return { prf: 'no', reason };
  }
  const iOS = version(/(?:iPhone|iPad|iPod).* OS (\d+)_(\d+)/);
  const isSafari = !/Chrom(?:e|ium)\/|CriOS|FxiOS|Edg/.test(userAgent);
  const webKit = iOS ?? (isSafari ? version(/Version\/(\d+)\.(\d+).*Safari\//) : undefined);
  if (webKit !== undefined) return webKitFact(webKit);
  const tooOld =
    isBelow(version(/Firefox\/(\d+)\.(\d+)/), 139) || isBelow(version(/Chrom(?:e|ium)\/(\d+)\.(\d+)/), 116);
  return tooOld
    ? { prf: 'no', reason: `This version of the browser cannot open an account with a passkey. ${update}` }
    : undefined;
}

function webKitFact(version: number): EngineFact | undefined {
  if (version >= 18.04) return undefined;
  if (version < 18) {
    const reason =
      'This version of Safari cannot open an account with a passkey. Update the system, or use the recovery phrase.';
    return { prf: 'no', reason };
  }
  const reason =
    'This version of Safari can get the wrong key from a passkey on another device. Update the system to get Safari 18.4 or newer, or use the recovery phrase.';
  return { prf: 'doubtful', reason };
}

/** Returns 18.3 as 18.03, so that versions compare as numbers. */
function versionIn(userAgent: string, name: RegExp): number | undefined {
  const [, major, minor] = name.exec(userAgent) ?? [];
  return major === undefined ? undefined : Number(major) + Number(minor) / 100;
}

function isBelow(version: number | undefined, least: number): boolean {
  return version !== undefined && version < least;
}
