#!/usr/bin/perl
# SpamAssassin with its own classifier, as `spamassassin -L` runs: learns what the list says is for
# training, then scores the rest. spamassassin.pl FOLDER LIST [--learn | --slice=N/M]: FOLDER holds its
# database; with --slice it only scores every M-th message, beginning with the N-th: "path TAB score TAB
# probability TAB rules" each.
use strict;
use warnings;
use Getopt::Long;
use Mail::SpamAssassin;

my ($learn, $slice) = (0, '0/1');
GetOptions('learn' => \$learn, 'slice=s' => \$slice) or die "usage: $0 FOLDER LIST [--learn]\n";
my ($folder, $list) = @ARGV;
my ($first, $step) = split m{/}, $slice;
my $spamassassin = Mail::SpamAssassin->new({
  userprefs_filename => '/dev/null',
  local_tests_only   => 1,
  dont_copy_prefs    => 1,
  post_config_text   => "use_bayes 1\nbayes_path $folder/bayes\nbayes_auto_learn 0\n"
    . "bayes_auto_expire 0\nbayes_expiry_max_db_size 10000000\nuse_auto_whitelist 0\nlock_method flock\n",
});
$spamassassin->init(1);
$| = 1;
open my $rows, '<', $list or die "$list: $!\n";
my @rows = map { chomp; [split /\t/] } <$rows>;
my $part = $learn ? 'train' : 'test';
@rows = grep { $_->[0] eq $part } @rows;
if ($learn) {
  $spamassassin->init_learner({ use_ignores => 0, wait_for_lock => 1, caller_will_untie => 1 });
  # Both kinds in turns, as mail comes.
  @rows = sort { substr($a->[3], -20) cmp substr($b->[3], -20) } @rows;
}
for (my $i = $learn ? 0 : $first; $i < @rows; $i += $learn ? 1 : $step) {
  my (undef, $label, undef, $path) = @{ $rows[$i] };
  open my $file, '<:raw', $path or die "$path: $!\n";
  my @lines = <$file>;
  close $file;
  my $message = $spamassassin->parse(\@lines);
  if ($learn) {
    $spamassassin->learn($message, undef, $label eq 'spam', 0)->finish;
  } else {
    my $status = $spamassassin->check($message);
    printf "%s\t%.3f\t%s\t%s\n", $path, $status->get_score(), $status->get_tag('BAYES') // '',
      $status->get_names_of_tests_hit();
    $status->finish;
  }
  $message->finish;
}
$spamassassin->rebuild_learner_caches() if $learn;
$spamassassin->finish_learner() if $learn;
