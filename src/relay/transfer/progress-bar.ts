const width = 30;

/** A line that is drawn over itself; nothing where no person watches. */
export function createProgressBar(output: { readonly isTTY?: boolean; write(text: string): unknown }) {
  let shown = '';
  return {
    /** @param part how much is done, from 0 to 1 */
    show(part: number): void {
      const done = Math.round(part * width);
      const bar = `${'█'.repeat(done)}${'░'.repeat(width - done)} ${Math.floor(part * 100)} %`;
      if (!output.isTTY || bar === shown) return;
      shown = bar;
      output.write(`\r${bar}`);
    },
    end(): void {
      if (shown !== '') output.write('\n');
    },
  };
}
