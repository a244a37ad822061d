import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { type ListEditor } from '../model/edit-list.ts';
import { type ItemView } from '../model/list-view.ts';
import { failureOf } from '../session/failure-of.ts';
import { type UndoOffer } from '../ui/undo.svelte.ts';
import { pickFile } from './pick-file.ts';
import { failureWords, onlyOneWords, refusalWords, type PictureProblem } from './refusal-words.ts';
import { shrinkPicture } from './shrink-picture.ts';

/**
 * What a person does with the pictures of a list's items, and how far it is. `id` is an item's, or the list's for one that
 * becomes a new item.
 */
export interface Pictures {
  isAdding(id: string): boolean;
  /** Why the last one was not added, until it is put aside or another one is tried. */
  problem(id: string): PictureProblem | undefined;
  putAside(id: string): void;
  /** Lets the person choose one. Must follow from a press. */
  choose(item: ItemView): Promise<void>;
  /** In place of the one that the item has. What is asked for while one is being added does nothing. */
  put(item: ItemView, files: readonly File[]): Promise<void>;
  /** Lets the person choose one for a new item with these words. True once there is one. Must follow from a press. */
  chooseForNew(words: string): Promise<boolean>;
  /** Makes a new item of it, which is called after what it is where it has no words. */
  putNew(words: string, files: readonly File[]): Promise<boolean>;
  remove(item: ItemView): void;
  /** What was done last, to be read out. */
  readonly said: string;
}

export function createPictures(listID: string, edit: ListEditor, undo: UndoOffer): Pictures {
  const adding = new SvelteSet<string>();
  const problems = new SvelteMap<string, PictureProblem>();
  let said = $state('');

  return {
    isAdding: (id) => adding.has(id),
    problem: (id) => problems.get(id),
    putAside: (id) => void problems.delete(id),
    async choose(item) {
      await put(item, await pickFile(pictures));
    },
    put,
    async chooseForNew(words) {
      return putNew(words, await pickFile(pictures));
    },
    putNew,
    remove({ id, text }) {
      offerUndo('removed', edit.removePicture(id));
      said = `The picture of “${text}” was removed.`;
    },
    get said() {
      return said;
    },
  };

  async function put(item: ItemView, files: readonly File[]): Promise<void> {
    await add(item.id, item.text, files, async (picture) => {
      const takeBack = await edit.putPicture(item.id, picture);
      if (item.picture) offerUndo('replaced', takeBack);
    });
  }

  async function putNew(words: string, files: readonly File[]): Promise<boolean> {
    const text = words === '' ? 'Picture' : words;
    return add(listID, text, files, async (picture) => {
      const itemID = edit.addItem(listID, text);
      try {
        await edit.putPicture(itemID, picture);
      } catch (error) {
        edit.removeItem(listID, itemID);
        throw error;
      }
    });
  }

  /** True where it was added. */
  async function add(
    id: string,
    text: string,
    files: readonly File[],
    write: (picture: Blob) => Promise<void>,
  ): Promise<boolean> {
    const [file] = files;
    if (!file || adding.has(id)) return false;
    problems.delete(id);
    adding.add(id);
    said = '';
    const problem = files.length > 1 ? onlyOneWords : await problemOf(file, write);
    adding.delete(id);
    if (problem) problems.set(id, problem);
    else said = `“${text}” has a picture now.`;
    return !problem;
  }

  async function problemOf(file: File, write: (picture: Blob) => Promise<void>) {
    try {
      const shrunk = await shrinkPicture(file);
      if (shrunk.kind === 'refused') return refusalWords(file, shrunk.why);
      await write(shrunk.blob);
      return undefined;
    } catch (error) {
      return failureWords(failureOf(error).message);
    }
  }

  function offerUndo(done: string, takeBack: () => void) {
    undo.offer({ text: `Picture ${done}`, byKey: true, undo: takeBack });
  }
}

const pictures = 'image/*';
