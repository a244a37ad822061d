import type { Fact } from '../../src/inspect/report/headline.ts';
import type { PanelState } from '../panel-state.svelte.ts';

export function covalueStat({ inspector, shown }: PanelState): Fact {
  const { coValueID } = shown;
  if (coValueID === undefined) return { words: 'all', tone: 'plain' };
  return { words: inspector?.coValues.label(coValueID).name ?? `…${coValueID.slice(-5)}`, tone: 'plain' };
}
