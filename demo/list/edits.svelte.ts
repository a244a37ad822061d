import { type ListEditor } from '../model/edit-list.ts';
import { refusedEdit } from './refused-edit.ts';

type Edit<T> = (editor: ListEditor) => T;

/** Makes the user's edits. It has the only editor, so that no edit fails unseen. */
export interface Edits {
  /** Shows why an edit is refused, and returns undefined then. Nothing has changed. */
  make<T>(edit: Edit<T>): { readonly result: T } | undefined;
  /** Returns why an edit is refused, for a caller that shows it beside its field. Undefined if it was made. */
  refusal(edit: Edit<void>): string | undefined;
  /** Throws or rejects if an edit is refused, for a caller that shows failures itself. */
  run<T>(edit: Edit<T>): T;
  /** Why the last edit was refused, until the user dismisses it or makes another. */
  readonly problem: string | undefined;
  dismiss(): void;
}

export function createEdits(editor: ListEditor): Edits {
  let problem = $state<string>();

  return {
    make(edit) {
      problem = undefined;
      try {
        return { result: edit(editor) };
      } catch (error) {
        problem = refusedEdit(error);
        return undefined;
      }
    },
    refusal(edit) {
      problem = undefined;
      try {
        edit(editor);
        return undefined;
      } catch (error) {
        return refusedEdit(error);
      }
    },
    run: (edit) => edit(editor),
    get problem() {
      return problem;
    },
    dismiss: () => (problem = undefined),
  };
}
