import type { CoValueKind, CoValueLabel } from '../../src/inspect/snapshot/covalue-kind.ts';

/** The row's display name: from its content if possible, otherwise its kind. */
export function nameOf({ name, kind }: CoValueLabel): string {
  return name ?? (kind === 'unknown' ? 'Not loaded' : kind);
}

export function formatKind(kind: CoValueKind): string {
  return kind === 'unknown' ? 'not loaded' : kind;
}
