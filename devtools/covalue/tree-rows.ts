import type { Inspector } from '../../src/inspect/inspector.ts';
import type { TreePage, TreePath, TreeRow } from '../../src/inspect/covalue/tree-types.ts';

/** The open nodes: how many children to show, by `keyOf(path)`. */
export type OpenNodes = ReadonlyMap<string, number>;

export type TreeLine =
  | {
      readonly kind: 'node';
      readonly id: string;
      readonly depth: number;
      readonly path: TreePath;
      readonly row: TreeRow;
      /** Undefined if the node has no children. */
      readonly isOpen: boolean | undefined;
      readonly position: number;
      readonly siblings: number;
    }
  | {
      /** Represents the siblings that are not shown. */
      readonly kind: 'more';
      readonly id: string;
      readonly depth: number;
      /** The path of their parent. */
      readonly path: TreePath;
      readonly shown: number;
      readonly left: number;
      readonly position: number;
      readonly siblings: number;
    };

export const childrenAtOnce = 100;
const maxPerRead = 500;
const rootKey = '[]';
export const onlyRoot: OpenNodes = new Map([[rootKey, childrenAtOnce]]);

export function keyOf(path: TreePath): string {
  return JSON.stringify(path);
}

/** Opens a node, or closes it if `children` is undefined. */
export function withNode(open: OpenNodes, key: string, children: number | undefined): OpenNodes {
  const others = [...open].filter(([other]) => other !== key);
  return new Map(children === undefined ? others : [...others, [key, children]]);
}

export interface TreeLines {
  readonly root: TreePage;
  readonly lines: readonly TreeLine[];
}

/** The open part of the tree, from top to bottom. Closed nodes are not read. */
export function readTree(coValues: Inspector['coValues'], id: string, open: OpenNodes): TreeLines {
  const lines: TreeLine[] = [];

  function add(path: TreePath, page: Extract<TreePage, { state: 'read' }>, depth: number): void {
    page.rows.forEach((row, index) => {
      const rowPath = [...path, row.key];
      const key = keyOf(rowPath);
      const inside = hasInside(row) ? pageOf(rowPath, open.get(key)) : undefined;
      const isOpen = hasInside(row) ? inside?.state === 'read' : undefined;
      const place = { position: index + 1, siblings: page.total };
      lines.push({ kind: 'node', id: key, depth, path: rowPath, row, isOpen, ...place });
      if (inside?.state === 'read') add(rowPath, inside, depth + 1);
    });
    const shown = page.rows.length;
    if (shown >= page.total) return;
    const place = { position: shown + 1, siblings: page.total };
    lines.push({
      kind: 'more',
      id: `${keyOf(path)} more`,
      depth,
      path,
      shown,
      left: page.total - shown,
      ...place,
    });
  }

  function pageOf(path: TreePath, wanted: number | undefined): TreePage | undefined {
    if (wanted === undefined) return undefined;
    const first = coValues.tree(id, path, { limit: Math.min(wanted, maxPerRead) });
    if (first.state !== 'read') return first;
    const rows = [...first.rows];
    while (rows.length < Math.min(wanted, first.total)) {
      const next = coValues.tree(id, path, {
        offset: rows.length,
        limit: Math.min(wanted - rows.length, maxPerRead),
      });
      if (next.state !== 'read' || next.rows.length === 0) break;
      rows.push(...next.rows);
    }
    return { ...first, rows };
  }

  const root = pageOf([], open.get(rootKey) ?? childrenAtOnce) ?? { state: 'nothing' };
  if (root.state === 'read') add([], root, 0);
  return { root, lines };
}

function hasInside({ value, items }: TreeRow): boolean {
  if (items !== undefined) return items > 0;
  return (value?.kind === 'object' || value?.kind === 'array') && value.size > 0;
}
