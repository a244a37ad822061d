import type { CoValueCore } from 'cojson';
import type { Content } from '../../../src/engine/content.ts';

export function firstContentOf(core: CoValueCore): Content {
  const [first] = core.newContentSince(undefined) ?? [];
  if (!first) throw new Error('The CoValue has no content.');
  return first;
}
