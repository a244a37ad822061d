import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { type ListEditor } from '../model/edit-list.ts';
import { type ItemView } from '../model/list-view.ts';
import { failureOf } from '../session/failure-of.ts';
import { type UndoOffer } from '../ui/undo.svelte.ts';
import { pickFile } from './pick-file.ts';
import { failureWords, onlyOneWords, refusalWords, type PictureProblem } from './refusal-words.ts';
import { shrinkPicture } from './shrink-picture.ts';

/** What a person does with the pictures of a list's items, and how far it is. */
export interface Pictures {
  isAdding(itemID: string): boolean;
  /** Why the last one was not added, until it is put aside or another one is tried. */
  problem(itemID: string): PictureProblem | undefined;
  putAside(itemID: string): void;
  /** Lets the person choose one. Must follow from a press. */
  choose(item: ItemView): Promise<void>;
  /** In place of the one that the item has. What is asked for while one is being added does nothing. */
  put(item: ItemView, files: readonly File[]): Promise<void>;
  remove(item: ItemView): void;
  /** What was done last, to be read out. */
  readonly said: string;
}

export function createPictures(edit: ListEditor, undo: UndoOffer): Pictures {
  const adding = new SvelteSet<string>();
  const problems = new SvelteMap<string, PictureProblem>();
  let said = $state('');

  return {
    isAdding: (itemID) => adding.has(itemID),
    problem: (itemID) => problems.get(itemID),
    putAside: (itemID) => void problems.delete(itemID),
    async choose(item) {
      await put(item, await pickFile('image/*'));
    },
    put,
    remove({ id, text }) {
      offerUndo('removed', edit.removePicture(id));
      said = `The picture of “${text}” was removed.`;
    },
    get said() {
      return said;
    },
  };

  async function put(item: ItemView, files: readonly File[]): Promise<void> {
    const [file] = files;
    if (!file || adding.has(item.id)) return;
    problems.delete(item.id);
    adding.add(item.id);
    said = '';
    const problem = files.length > 1 ? onlyOneWords : await add(item, file);
    adding.delete(item.id);
    if (problem) problems.set(item.id, problem);
    else said = `“${item.text}” has a picture now.`;
  }

  async function add(item: ItemView, file: File): Promise<PictureProblem | undefined> {
    try {
      const shrunk = await shrinkPicture(file);
      if (shrunk.kind === 'refused') return refusalWords(file, shrunk.why);
      const takeBack = await edit.putPicture(item.id, shrunk.blob);
      if (item.picture) offerUndo('replaced', takeBack);
      return undefined;
    } catch (error) {
      return failureWords(failureOf(error).message);
    }
  }

  function offerUndo(done: string, takeBack: () => void) {
    undo.offer({ text: `Picture ${done}`, byKey: true, undo: takeBack });
  }
}
