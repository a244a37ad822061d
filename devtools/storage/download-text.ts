import { formatBytes, formatCount } from '../../src/inspect/shared/format.ts';
import type { Fact } from '../../src/inspect/report/headline.ts';
import type { Download } from './downloads.svelte.ts';

export function describeDownload({ state, coValues, bytes, end, message }: Download): Fact {
  const so = `${formatCount(coValues, 'CoValue')}, ${formatBytes(bytes)}`;
  switch (state) {
    case 'running':
      return { words: `Reading: ${so} so far`, tone: 'plain' };
    case 'stopped':
      return { words: `Stopped after ${so}. Nothing was saved.`, tone: 'plain' };
    case 'failed':
      return { words: `Failed after ${so}, nothing saved: ${message ?? 'unknown error'}`, tone: 'fail' };
    case 'saved': {
      const unreadable = end?.unreadable ?? 0;
      const without =
        unreadable > 0
          ? ` ${formatCount(unreadable, 'CoValue')} could not be read; see the file for details.`
          : '';
      return {
        words: `Downloaded ${so}.${without} Private values in the file are encrypted; the rest is readable.`,
        tone: unreadable > 0 ? 'warn' : 'plain',
      };
    }
  }
}
