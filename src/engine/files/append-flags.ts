/**
 * How a file that lies in a run's folder is opened to be added to. Such a folder may have come from elsewhere: a link in the
 * place of the file would lead what is written out of it, and is refused with ELOOP where the system can tell (Windows
 * cannot). Links on the way to the file are the user's and are followed. A pipe that nobody reads is refused with ENXIO, not
 * waited for.
 */
import { constants } from 'node:fs';

const { O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDWR, O_WRONLY } = constants;

/** As `a`. */
export const APPEND = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
/** As `a+`. */
export const READ_AND_APPEND = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
