/** In characters. */
const longestName = 200;

/** Control characters, halves of surrogate pairs, ends of lines, and what turns the direction of text: “gpj.exe” as “exe.jpg”. */
const misleading = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u{FEFF}]/gu;

/** Returns a name that can be shown and used for a download, or undefined if nothing of it is left. */
export function readableName(name: string): string | undefined {
  const last = name.slice(-10_000).replace(misleading, '').split(/[\\/]/).at(-1)?.trim() ?? '';
  return /^\.*$/.test(last) ? undefined : shortened(last);
}

/** Keeps the extension. */
function shortened(name: string): string {
  const characters = [...name];
  if (characters.length <= longestName) return name;
  const [extension = ''] = /\.[^.]{1,20}$/.exec(name) ?? [];
  return characters.slice(0, longestName - [...extension].length).join('') + extension;
}
