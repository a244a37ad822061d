import { cojsonInternals, type LocalNode } from 'cojson';
import type { Content } from './content.ts';
import { getKnownCoValue } from './covalue-lookup.ts';

/**
 * The content with the CoValue's own header; undefined if it begins with a forged one. cojson 0.20 stores the header of content
 * although it has another one, and waits for what a forged one names: anyone could keep all that arrives later out.
 */
export function withOwnHeader(node: LocalNode, content: Content): Content | undefined {
  const { id, header } = content;
  if (!header) return content;
  const own = getKnownCoValue(node, id)?.verified?.header;
  if (own) return { ...content, header: own };
  return cojsonInternals.idforHeader(header, node.crypto) === id ? content : undefined;
}
