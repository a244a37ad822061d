import type { CoValueKind, CoValueLabel } from '../../src/inspect/shared/covalue-label.ts';

/** What a row is called: by its own content, else by what it is. */
export function nameOf({ name, kind }: CoValueLabel): string {
  return name ?? (kind === 'unknown' ? 'Not loaded' : kind);
}

export function kindWords(kind: CoValueKind): string {
  return kind === 'unknown' ? 'not loaded' : kind;
}
