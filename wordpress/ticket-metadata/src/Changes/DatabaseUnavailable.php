<?php
namespace TicketMetadata\Changes;

/** The connection is lost. WordPress has tried for seconds to get another one. */
final class DatabaseUnavailable extends \RuntimeException {}
