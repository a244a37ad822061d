import { stateDirectoryOf, type StoragePlace } from '../database/storage-place.ts';
import { fine, wrong, type Finding } from './finding.ts';
import { existingAncestor, isWritable, statOf } from './paths.ts';

/** Whether the relay could remember the state of the storage. It starts without that, but then notices no restore. */
export async function checkState(place: StoragePlace, setting: string | undefined): Promise<Finding[]> {
  if (place.kind === 'memory') return [];
  const directory = stateDirectoryOf(place, setting);
  if (directory === undefined) {
    const text =
      'There is no state directory. Set STATE_DIR for at least one relay on this database, so that it notices a restore.';
    return [fine('state', text)];
  }
  const found = await statOf(directory);
  const parent = found ? undefined : await existingAncestor(directory);
  if (found?.isDirectory() !== false && (await isWritable(parent ?? directory))) {
    return [fine('state', `${directory} ${found ? 'can be written' : 'is created by the first start'}.`)];
  }
  const why = found
    ? 'is not a directory that this user may write to'
    : `cannot be created in ${parent} by this user`;
  const text = `${directory} ${why}, so the relay would not notice a restored storage. Grant write access to the user that runs the relay, or choose another directory with STATE_DIR.`;
  return [wrong('state', text)];
}
