#!/usr/bin/perl
# Names the rules that SpamAssassin hits, helpers ("__NAME") among them: a line for each message named
# on standard input, "path TAB score TAB rule TAB rule …". Local tests only, no classifier, no history.
# With --rules=FOLDER those rules and the plugins of the site's *.pre files, instead of the stock set.
use strict;
use warnings;
use Getopt::Long;
use Mail::SpamAssassin;

my $rules;
GetOptions('rules=s' => \$rules) or die "usage: $0 [--rules=FOLDER] < LIST\n";
my %options = (
  userprefs_filename => '/dev/null',
  local_tests_only   => 1,
  dont_copy_prefs    => 1,
  post_config_text   => "use_bayes 0\nuse_auto_whitelist 0\n",
);
$options{rules_filename} = $rules if defined $rules;
my $spamassassin = Mail::SpamAssassin->new(\%options);
$spamassassin->init(1);
$| = 1;
while (my $path = <STDIN>) {
  chomp $path;
  open my $file, '<:raw', $path or die "$path: $!\n";
  my @lines = <$file>;
  close $file;
  my $message = $spamassassin->parse(\@lines);
  my $status  = $spamassassin->check($message);
  my %hit = map { $_ => 1 } split(/,/, $status->get_names_of_tests_hit()),
    split(/,/, $status->get_names_of_subtests_hit());
  printf "%s\t%.3f\t%s\n", $path, $status->get_score(), join("\t", sort keys %hit);
  $status->finish;
  $message->finish;
}
