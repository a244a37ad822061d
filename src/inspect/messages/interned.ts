/** Stores each string once, and gives rows a small number for it. 0 means no string. */
export interface Interned {
  /** Approximate size of all strings and their index. */
  readonly bytes: number;
  /** Adds a holder and returns the string's number. */
  hold(text: string | undefined): number;
  release(slot: number): void;
  at(slot: number): string | undefined;
  /** 0 if no row holds it. */
  slotOf(text: string): number;
}

/** Overhead per string in the collections below. */
const overheadBytes = 96;

export function createInterned(): Interned {
  const slotByText = new Map<string, number>();
  const texts: (string | undefined)[] = [undefined];
  const holders: number[] = [0];
  const free: number[] = [];
  let bytes = 0;

  return {
    get bytes() {
      return bytes;
    },
    hold(text) {
      if (text === undefined) return 0;
      let slot = slotByText.get(text);
      if (slot === undefined) {
        slot = free.pop() ?? texts.length;
        slotByText.set(text, slot);
        texts[slot] = text;
        holders[slot] = 0;
        bytes += overheadBytes + text.length;
      }
      holders[slot] = (holders[slot] ?? 0) + 1;
      return slot;
    },
    release(slot) {
      const text = texts[slot];
      if (text === undefined) return;
      const left = (holders[slot] ?? 0) - 1;
      holders[slot] = left;
      if (left > 0) return;
      slotByText.delete(text);
      texts[slot] = undefined;
      free.push(slot);
      bytes -= overheadBytes + text.length;
    },
    at: (slot) => texts[slot],
    slotOf: (text) => slotByText.get(text) ?? 0,
  };
}
