package dev.headroom.cli.train;

/**
 * A corpus as token ids.
 *
 * @param source what was read, in words
 * @param tokens ids in the order of the text, an end-of-text id after each document
 * @param documents number of documents
 * @param bytes of the files read
 * @param sha256 of the bytes read, in hexadecimal
 */
record TokenCorpus(String source, int[] tokens, int documents, long bytes, String sha256) {}
