-- The only node that an agent's token speaks for; none: whichever its batches name.
ALTER TABLE token ADD COLUMN node TEXT;
