import type { InspectorSnapshot } from '../../src/inspect/snapshot/inspector-snapshot.ts';
import type { Fact } from '../../src/inspect/report/headline.ts';

export function messagesStat({ messages }: InspectorSnapshot): Fact {
  return { words: messages.kept === 0 ? 'none' : messages.kept.toLocaleString('en'), tone: 'plain' };
}
