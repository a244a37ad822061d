/** Strings that many rows share, each kept once, by a small number that rows hold instead. 0 stands for none. */
export interface Interned {
  /** Of all strings and what it takes to find them, about. */
  readonly bytes: number;
  /** Counts one more holder. */
  hold(text: string | undefined): number;
  release(slot: number): void;
  at(slot: number): string | undefined;
  /** 0 where no row holds it. */
  slotOf(text: string): number;
}

/** An entry in each of the collections below. */
const bytesAround = 96;

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
        bytes += bytesAround + text.length;
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
      bytes -= bytesAround + text.length;
    },
    at: (slot) => texts[slot],
    slotOf: (text) => slotByText.get(text) ?? 0,
  };
}
