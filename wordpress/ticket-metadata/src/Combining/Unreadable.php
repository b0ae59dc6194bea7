<?php
namespace TicketMetadata\Combining;

/** The database did not answer: what it holds is not known, and must not look like nothing. */
final class Unreadable extends \RuntimeException {}
