<?php
namespace TicketMetadata\Changes;

/** The connection is lost, and WordPress could not reconnect within some seconds. */
final class DatabaseUnavailable extends \RuntimeException {}
